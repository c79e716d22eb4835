"""The page at ``/data``: files in, what became of them, and the way back out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from nicegui import Client, ui

from app.pages.board_services import BoardIdentity
from app.pages.dashboard import send_away
from app.pages.data_desk import UploadDesk
from app.pages.data_services import DataServices
from app.pages.data_words import source_name, undo_question, undone_words
from app.pages.first_show import first_show
from app.pages.frame import frame
from app.pages.page_zone import follow_zone
from app.pages.reader import numbers_of
from app.pages.updates import Updates
from components.confirm_dialog import ConfirmDialog
from components.error_banner import ErrorBanner
from components.formats import written_as
from components.source_list import SourceItem, SourceList
from components.status_line import StatusLine
from services.calendar import time_zone
from services.errors import ChurnboardError
from services.sources import SourceInfo

log = logging.getLogger(__name__)

UNEXPECTED = 'Something unexpected happened; it is in the log of the server.'


def data_page(services: DataServices) -> Callable[[], Awaitable[None]]:
    """The page builder, for the factory to register."""

    async def data() -> None:
        client = ui.context.client
        identity: BoardIdentity = client.request.scope['churnboard.identity']
        if identity.session_hash is not None:
            services.page_registry.add(identity.session_hash, client)
        client.on_delete(lambda: send_away(client, path='/data'))
        page = DataPage(services, identity, client)
        client.on_delete(services.hub.watch(identity.user_id, on_change=page.updates.tell).close)
        await page.first_show()

    return data


class DataPage:
    """One tab: brings uploads and history together, and keeps them up to date."""

    def __init__(self, services: DataServices, identity: BoardIdentity, client: Client) -> None:
        self._hub = services.hub
        self._uploads = services.uploads
        self._user_id = identity.user_id
        self._client = client
        self._numbers = numbers_of(client)
        self.updates = Updates(
            services.preferences, identity.user_id, client, self.refresh, beat=services.settings.refresh_seconds
        )
        self._revision: int | None = None
        self._as_of: datetime | None = None
        self._history: Sequence[SourceInfo] = ()
        self._removing: set[int] = set()
        with frame(
            'Data',
            identity,
            path='/data',
            assets=('data.css', 'upload.js'),
            updates=self.updates,
        ) as self._connection:
            self._status = StatusLine()
            self._error = ErrorBanner(self.refresh)
            self._desk = UploadDesk(self._uploads, self._user_id, say=self._status.say, numbers=self._numbers)
            self._sources = SourceList(on_undo=self._ask)

    async def first_show(self) -> None:
        """Put the history into the page itself when it is at hand; the first tick brings it otherwise."""
        await first_show(self.refresh())

    async def refresh(self) -> None:
        """Show how uploads and sources stand; what was shown stays when that fails."""
        with written_as(self._numbers):
            await self._refresh()

    async def _refresh(self) -> None:
        missed = self.updates.missed
        try:
            await self._desk.look()
            if await self._show_history():
                self.updates.shown(missed)
        except ChurnboardError as error:
            self._fail(error.message)
        except Exception:  # whatever it is, nobody may take an old history for a new one
            log.exception('the data page could not be refreshed')
            self._fail(UNEXPECTED)

    async def _show_history(self) -> bool:
        """Whether what is shown is the latest."""
        await self._hub.check_user(self._user_id)
        seen = self._hub.seen(self._user_id)
        revision = seen.state.revision if seen and seen.state else None
        if revision is None or revision != self._revision:
            history = await self._uploads.history(self._user_id)
            if self._client.is_deleted or (revision or 0) < (self._revision or 0):
                return False  # a later look came back earlier
            self._history, self._revision = history, revision
            self._show_sources()
        self._error.clear_error()
        self._connection.show_delayed(False)
        if seen is not None:
            self._as_of = seen.at
            follow_zone(self._connection, seen)
            self._connection.show(seen.at)
        return True

    def _show_sources(self) -> None:
        self._sources.show([self._item(source) for source in self._history])

    def _item(self, source: SourceInfo) -> SourceItem:
        return SourceItem(
            id=source.id,
            kind=source.kind.value,
            name=source_name(source),
            taken_at=source.created_at.isoformat(timespec='milliseconds'),
            rows=source.accepted,
            corrected=source.corrected,
            duplicates=source.duplicates,
            rejected=source.rejected,
            removing=source.id in self._removing,
        )

    def _fail(self, reason: str) -> None:
        if not self._client.is_deleted:
            self._error.show(reason, as_of=self._as_of)
            self._connection.show_delayed(True)

    def _ask(self, source_id: int) -> None:
        source = next((source for source in self._history if source.id == source_id), None)
        if source is None or source_id in self._removing:
            return

        async def confirmed() -> None:
            dialog.close()
            await self._undo(source)

        with written_as(self._numbers):
            title, text, action = undo_question(source, time_zone(self._connection.time_zone))
        with self._client.content:
            dialog = ConfirmDialog(title, text, action=action, on_confirm=confirmed)
        dialog.on('hide', dialog.delete, args=[])
        dialog.ask()

    async def _undo(self, source: SourceInfo) -> None:
        if source.id in self._removing:
            return
        name = source_name(source)
        self._removing.add(source.id)
        with written_as(self._numbers):
            self._show_sources()
        try:
            removed = await self._uploads.undo(self._user_id, source.id)
            with written_as(self._numbers):
                self._status.note(undone_words(name, removed))
        except ChurnboardError as error:
            self._status.note(f'{name}: {error.message}', failed=True)
        except Exception:
            log.exception('a source could not be undone')
            self._status.note(f'{name}: {UNEXPECTED}', failed=True)
        finally:
            self._removing.discard(source.id)
        self._revision = None
        await self.refresh()
        with written_as(self._numbers):
            self._show_sources()
