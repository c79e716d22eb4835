"""The page at ``/settings``: a person's own account, and how pages look for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from nicegui import Client, ui

from app.pages.board_services import BoardIdentity
from app.pages.dashboard import send_away
from app.pages.first_show import first_show
from app.pages.frame import frame
from app.pages.key_desk import KeyDesk
from app.pages.page_zone import follow_zone
from app.pages.reader import numbers_of
from app.pages.saving import UNEXPECTED, Saving
from app.pages.settings_account import AccountDesk
from app.pages.settings_display import DisplayDesk
from app.pages.settings_password import PasswordDesk
from app.pages.settings_services import SettingsServices
from app.pages.settings_sessions import SessionDesk
from app.pages.updates import Updates
from app.pages.zone_names import zone_names
from components.formats import written_as
from components.light_element import LightElement
from components.text import Text
from services.errors import ChurnboardError

log = logging.getLogger(__name__)


ABOUT_KEYS = 'What lets a program in without your password, until you revoke it.'


def settings_page(services: SettingsServices) -> Callable[[], Awaitable[None]]:
    """The page builder, for the factory to register."""

    async def settings() -> None:
        client = ui.context.client
        identity: BoardIdentity = client.request.scope['churnboard.identity']
        if identity.session_hash is not None:
            services.page_registry.add(identity.session_hash, client)
        client.on_delete(lambda: send_away(client, path='/settings'))
        page = SettingsPage(services, identity, client, zones=await asyncio.to_thread(zone_names))
        client.on_delete(services.hub.watch(identity.user_id, on_change=page.updates.tell).close)
        await page.first_show()

    return settings


class SettingsPage:
    """One tab: what is typed into it stays, whatever changes meanwhile."""

    def __init__(
        self, services: SettingsServices, identity: BoardIdentity, client: Client, *, zones: Sequence[str]
    ) -> None:
        """:param zones: the names of the time zones to choose from."""
        self._hub = services.hub
        self._user_id = identity.user_id
        self._client = client
        beat = services.settings.refresh_seconds
        self.updates = Updates(
            services.preferences, self._user_id, client, self.look, beat=beat, wanted=lambda: self._account.working_out
        )
        saving = Saving(services.auth, identity, client)
        with (
            frame(
                'Settings',
                identity,
                path='/settings',
                assets=('settings.css', 'keys.css', 'clipboard.js', 'keys.js', 'settings.js'),
                updates=self.updates,
            ) as self._connection,
            LightElement('div', 'settings'),
        ):
            Text('p', 'Settings').classes('settings-title').props('aria-hidden=true')
            self._account = AccountDesk(services.accounts, identity, saving, zones=zones)
            DisplayDesk(
                services.preferences,
                self._user_id,
                client,
                saving,
                updates=self.updates,
                connection=self._connection,
                beat=beat,
            )
            PasswordDesk(services, identity, client, saving, on_change=self.look)
            self._sessions = SessionDesk(services, identity, client, saving)
            self._keys = KeyDesk(services, identity, client, about=ABOUT_KEYS)
            with self._keys.panel.body:
                Text('a', 'See programs that use a key').classes('button setting-link').props('href=/connect')

    async def first_show(self) -> None:
        """Put the lists into the page itself when they are at hand."""
        await first_show(self.look())

    async def look(self) -> None:
        """Show what may change without the person's doing: how far the days are, and who is let in."""
        missed, unread = self.updates.missed, list[SessionDesk | KeyDesk]([self._sessions, self._keys])
        try:
            with written_as(numbers_of(self._client)):
                await self._hub.check_user(self._user_id)
                await self._account.look()
                while unread:
                    await unread[0].look()
                    del unread[0]
        except ChurnboardError as error:
            self._fail(error.message, unread)
        except Exception:
            log.exception('the page of settings could not be refreshed')
            self._fail(UNEXPECTED, unread)
        else:
            self._succeed(missed)

    def _succeed(self, missed: int) -> None:
        if self._client.is_deleted:
            return
        self.updates.shown(missed)
        self._connection.show_delayed(False)
        seen = self._hub.seen(self._user_id)
        if seen is not None:
            follow_zone(self._connection, seen)
            self._connection.show(seen.at)

    def _fail(self, reason: str, unread: Sequence[SessionDesk | KeyDesk]) -> None:
        if not self._client.is_deleted:
            for desk in unread:
                desk.show_problem(reason)
            self._connection.show_delayed(True)
