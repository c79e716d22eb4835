"""The browsers a person is signed in with, and signing them out."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from nicegui import Client

from app.pages.board_services import BoardIdentity
from app.pages.saving import Saving
from app.pages.settings_services import SettingsServices
from components.confirm_dialog import ConfirmDialog
from components.formats import plural
from components.session_list import NAMELESS, SessionItem, SessionList
from services.browser_sessions import SessionInfo
from services.clock import rfc3339
from services.errors import NotFound

CONSEQUENCE = 'Its open pages close within seconds, and it has to sign in again.'


class SessionDesk:
    def __init__(self, services: SettingsServices, identity: BoardIdentity, client: Client, saving: Saving) -> None:
        self._sessions = services.browser_sessions
        self._pages = services.page_registry
        self._identity = identity
        self._client = client
        self._saving = saving
        self._known: Sequence[SessionInfo] = ()
        self._list = SessionList(on_end=self._ask, on_end_others=self._ask_others)

    async def look(self) -> None:
        """Show the sessions as they are; raises what reading them raises, and what was shown stays."""
        known = await self._sessions.list(self._identity.user_id)
        if not self._client.is_deleted:
            self._known = sorted(known, key=lambda info: info.id_hash != self._identity.session_hash)
            self._list.show([self._item(info) for info in self._known])

    def show_problem(self, reason: str) -> None:
        """The sessions could not be read."""
        as_known = ' These are the last known ones.' if self._known else ''
        self._list.show_problem(f'The list could not be read. {reason}{as_known}')

    def _item(self, info: SessionInfo) -> SessionItem:
        is_this = info.id_hash == self._identity.session_hash
        return SessionItem(
            key=info.id_hash,
            browser=info.browser,
            signed_in_at=rfc3339(info.signed_in_at),
            last_seen_at=rfc3339(info.last_seen_at) if info.last_seen_at and not is_this else '',
            is_this=is_this,
        )

    def _ask(self, key: str) -> None:
        info = next((info for info in self._known if info.id_hash == key), None)
        if info is None:
            return
        name = info.browser or NAMELESS

        async def end() -> str:
            with contextlib.suppress(NotFound):  # that is what was wanted
                await self._sessions.end(self._identity.user_id, info.id_hash)
            self._pages.end(info.id_hash)
            return f'{name} is signed out.'

        self._confirm(f'Sign out {name}?', CONSEQUENCE, action='Sign out', work=end)

    def _ask_others(self) -> None:
        others = len(self._known) - 1
        which = 'the other browser' if others == 1 else f'all {others} other browsers'

        async def end() -> str:
            keep = self._identity.session_hash or ''
            ended = await self._sessions.end_others(self._identity.user_id, keep=keep)
            for session_hash in ended:
                self._pages.end(session_hash)
            return f'{plural(len(ended), "other browser is", "other browsers are")} signed out.'

        self._confirm(
            f'Sign out {which}?', 'This browser stays signed in, and so do your API keys.', action='Sign out', work=end
        )

    def _confirm(self, title: str, text: str, *, action: str, work: Callable[[], Awaitable[str]]) -> None:
        async def confirmed() -> None:
            said, problem = await self._saving.attempt(work)
            if self._client.is_deleted:
                return
            if problem is not None:
                dialog.show_error(said)
                return
            dialog.close()
            self._list.say(said)
            self._list.focus_heading()
            await self._saving.attempt(self._look_again)

        with self._client.content:
            dialog = ConfirmDialog(title, text, action=action, on_confirm=confirmed)
        dialog.on('hide', dialog.delete, args=[])
        dialog.ask()

    async def _look_again(self) -> str:
        await self.look()
        return ''
