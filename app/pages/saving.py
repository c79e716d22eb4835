"""Saving what a person set: by whom it may be done, and in which words it is told how that went."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from nicegui import Client

from app.pages.board_services import BoardIdentity
from app.pages.reader import numbers_of
from components.formats import written_as
from components.setting_form import SettingForm
from services.errors import ChurnboardError, InvalidToken
from services.identity import Right

log = logging.getLogger(__name__)

SIGNED_OUT = 'You are signed out. Sign in again to go on.'
UNEXPECTED = 'Something unexpected happened; it is in the log of the server.'


class SavingAuth(Protocol):
    def lasts(self, user_id: int, right: Right) -> Awaitable[bool]: ...


class Saving:
    """Of one tab."""

    def __init__(self, auth: SavingAuth, identity: BoardIdentity, client: Client) -> None:
        self._auth = auth
        self._identity = identity
        self._client = client
        self._busy: set[int] = set()

    async def save(self, form: SettingForm, work: Callable[[], Awaitable[str]]) -> bool:
        """Do what the form asks for, unless it is under way already, and tell it how that went.

        :param work: returns what is to be said of it.
        :returns: whether it was done.
        """
        if form.id in self._busy:
            return False
        self._busy.add(form.id)
        form.show_busy()
        problem: ChurnboardError | None = None
        try:
            said, problem = await self.attempt(work)
        finally:
            self._busy.discard(form.id)
        if self._client.is_deleted:
            return problem is None
        if problem is None:
            form.show_saved(said)
        else:
            form.show_error(said, field=problem.field)
        return problem is None

    async def attempt(self, work: Callable[[], Awaitable[str]]) -> tuple[str, ChurnboardError | None]:
        """Do it, if whoever opened this page is signed in still; what is to be said, and what went wrong."""
        identity = self._identity
        try:
            if not await self._auth.lasts(identity.user_id, identity.right):
                raise InvalidToken
            with written_as(numbers_of(self._client)):
                return await work(), None
        except InvalidToken as error:
            return SIGNED_OUT, error
        except ChurnboardError as error:
            return error.message, error
        except Exception:
            log.exception('a setting could not be saved')
            return UNEXPECTED, ChurnboardError(UNEXPECTED)


def typed(asked: object, key: str) -> str:
    """A field as the browser says it, which may be anything; what is no text counts as left empty."""
    value = asked.get(key) if isinstance(asked, dict) else None
    return value if isinstance(value, str) else ''
