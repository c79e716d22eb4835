"""What a person does on a customer's page: notes, owner and snooze, each written down, or refused in its own place."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from nicegui import Client

from app.pages.customer_services import CustomerServices
from components.confirm_dialog import ConfirmDialog
from components.customer_head import Editable
from components.notes import NoteActions, NoteItem
from components.text_form import TextForm
from services.customer_records import RecordChange, Snooze, parsed_day
from services.errors import ChurnboardError, InvalidRequest, NotFound

log = logging.getLogger(__name__)

UNEXPECTED = 'Something unexpected happened; it is in the log of the server. Nothing you typed is lost.'


class CustomerDesk:
    """Writes down what is typed; the page shows it afterwards, as it shows what others wrote."""

    def __init__(
        self,
        services: CustomerServices,
        user_id: int,
        customer_id: str,
        client: Client,
        *,
        say: Callable[[str], None],
        tell: Callable[[str], None],
        fail: Callable[[str], None],
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        """:param say: announces what was done, where it is to be seen as well.

        :param tell: shows what was done, too, where nothing else does.
        :param fail: tells why something without a form of its own could not be done.
        """
        self._services = services
        self._records = services.records
        self._user_id, self._customer_id = user_id, customer_id
        self._client = client
        self._say, self._tell, self._fail, self._refresh = say, tell, fail, refresh
        self._busy: set[int] = set()
        """Forms whose text is on its way: sent twice, it is written once."""
        self.close_editor: Callable[[str], None] = lambda _note_id: None
        """Puts the form of a note away once its text is kept."""

    @property
    def notes(self) -> NoteActions:
        return NoteActions(add=self._add, edit=self._edit, ask_deletion=self._ask_deletion)

    async def set_owner(self, part: Editable, form: TextForm, typed: Mapping[str, object]) -> None:
        """Keep who looks after the customer."""

        def change() -> object:
            return self._change(RecordChange(owner=_text(typed, 'owner')))

        if await self._from_form(form, change):
            part.close()
            self._say('It is kept who looks after this customer.')

    async def snooze(self, part: Editable, form: TextForm, typed: Mapping[str, object]) -> None:
        """Leave the customer out of the list of those at risk."""

        def change() -> object:
            until = parsed_day(_text(typed, 'snoozed_until'))
            return self._change(RecordChange(snooze=Snooze(until=until, reason=_text(typed, 'snooze_reason'))))

        if await self._from_form(form, change):
            part.close()
            self._say('The customer is snoozed.')

    async def wake(self) -> None:
        """List the customer again."""
        await self._without_form(
            partial(self._change, RecordChange(snooze=Snooze(until=None))), 'The customer is listed again.'
        )

    async def _add(self, form: TextForm, text: object) -> None:
        def add() -> object:
            return self._records.add_note(self._user_id, self._customer_id, _as_text(text))

        if await self._from_form(form, add):
            self._say('The note is kept.')

    async def _edit(self, note_id: str, form: TextForm, text: object) -> None:
        def edit() -> object:
            return self._records.edit_note(self._user_id, int(note_id), _as_text(text))

        if await self._from_form(form, edit):
            self.close_editor(note_id)
            self._say('The note is changed.')

    def _ask_deletion(self, note: NoteItem) -> None:
        async def confirmed() -> None:
            dialog.close()
            await self._without_form(partial(self._delete, int(note.id)), 'The note is deleted.')

        start = note.text if len(note.text) <= 200 else f'{note.text[:200]}…'
        with self._client.content:
            dialog = ConfirmDialog('Delete this note?', start, action='Delete', on_confirm=confirmed)
        dialog.on('hide', dialog.delete, args=[])
        dialog.ask()

    def _delete(self, note_id: int) -> None:
        with suppress(NotFound):  # then it is as it was wanted
            self._records.delete_note(self._user_id, note_id)

    def _change(self, change: RecordChange) -> Any:
        return self._records.change(self._user_id, self._customer_id, change)

    async def _from_form(self, form: TextForm, work: Callable[[], object]) -> bool:
        """Whether it is written down; if not, the form says why, and keeps what is typed."""
        if form.id in self._busy:
            return False
        self._busy.add(form.id)
        form.show_busy(True)
        try:
            await self._write(work)
        except ChurnboardError as error:
            self._refuse(form, error.message, error.field)
            return False
        except Exception:
            log.exception('something could not be written about a customer')
            self._refuse(form, UNEXPECTED, None)
            return False
        finally:
            self._busy.discard(form.id)
            if not form.is_deleted:
                form.show_busy(False)
        if form.is_deleted or self._client.is_deleted:
            return False
        form.show_taken()
        await self._refresh()
        return True

    async def _without_form(self, work: Callable[[], object], done: str) -> None:
        try:
            await self._write(work)
        except ChurnboardError as error:
            self._fail(error.message)
        except Exception:
            log.exception('something could not be changed about a customer')
            self._fail(UNEXPECTED)
        else:
            if not self._client.is_deleted:
                self._tell(done)
                await self._refresh()

    async def _write(self, work: Callable[[], object]) -> None:
        await self._services.database.run(work, writes=True)
        await self._services.hub.notice(self._user_id)

    def _refuse(self, form: TextForm, message: str, field: str | None) -> None:
        if not form.is_deleted:
            form.show_error(message, field=field)


def _text(typed: Mapping[str, object], name: str) -> str:
    return _as_text(typed.get(name, ''))


def _as_text(value: object) -> str:
    """What a browser says may be anything; raises ``InvalidRequest`` of what is no text."""
    if not isinstance(value, str):
        raise InvalidRequest('Write a text.')
    return value
