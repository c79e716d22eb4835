"""A new password for whoever knows the present one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client

from app.client_address import client_address
from app.pages.board_services import BoardIdentity
from app.pages.saving import Saving, typed
from app.pages.settings_services import SettingsServices
from components.formats import plural
from components.light_element import LightElement
from components.panel import Panel
from components.setting_form import SettingForm
from components.text import Text
from services.errors import InvalidRequest, InvalidToken
from services.passwords import MIN_CHARACTERS

ABOUT_NEW = f'At least {MIN_CHARACTERS} characters: a few unrelated words are easy to keep in mind and hard to guess.'
NOTE = 'All other browsers, programs and API keys that are signed in as you end with it. This browser stays signed in.'


class PasswordDesk:
    def __init__(
        self,
        services: SettingsServices,
        identity: BoardIdentity,
        client: Client,
        saving: Saving,
        *,
        on_change: Callable[[], Awaitable[None]],
    ) -> None:
        """:param on_change: shows what ended with the old one."""
        self._auth = services.auth
        self._pages = services.page_registry
        self._identity = identity
        self._client = client
        self._saving = saving
        self._on_change = on_change
        with Panel('Password', name='password') as panel:
            panel.show_note(NOTE)
            self._form = SettingForm('Change password', name='password', on_save=self._change)
            with self._form.body:
                _account_for_password_managers(identity.email)
            self._form.add('Current password', key='current', props='type=password autocomplete=current-password')
            new = 'type=password autocomplete=new-password'
            self._form.add('New password', key='new', props=new, about=ABOUT_NEW)
            self._form.add('New password again', key='again', props=new)
            with self._form.body, LightElement('label', 'setting-check'):
                LightElement('input').props('type=checkbox data-show-passwords')
                Text('span', 'Show the passwords')

    async def _change(self, asked: object) -> None:
        async def work() -> str:
            return await self._change_to(typed(asked, 'current'), typed(asked, 'new'), typed(asked, 'again'))

        if await self._saving.save(self._form, work) and not self._client.is_deleted:
            self._form.empty()
            await self._on_change()

    async def _change_to(self, current: str, new: str, again: str) -> str:
        keep = self._identity.session_hash
        if keep is None:
            raise InvalidToken
        if not current:
            raise InvalidRequest('Type the password you have now.', field='current')
        if new != again:
            raise InvalidRequest('This is not the same as the new password above.', field='again')
        changed = await self._auth.change_password(
            self._identity.user_id, current, new, keep=keep, address=client_address(self._client.request)
        )
        for session_hash in changed.ended:
            self._pages.end(session_hash)
        ended = plural(len(changed.ended), 'other browser was', 'other browsers were')
        return f'Your password is changed. {ended} signed out.' if changed.ended else 'Your password is changed.'


def _account_for_password_managers(email: str) -> None:
    """Whose password this is: a field that they look for, and nobody sees or sends."""
    field = LightElement('input', 'sr-only').props('type=text autocomplete=username tabindex=-1 aria-hidden=true')
    field.props('readonly')
    field.props['^value'] = email
