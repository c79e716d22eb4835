"""A person's name and time zone."""

from __future__ import annotations

from collections.abc import Sequence

from app.pages.board_services import BoardIdentity
from app.pages.saving import Saving, typed
from app.pages.settings_services import SettingsAccounts
from app.pages.zone_names import zone_called
from components.light_element import LightElement
from components.panel import Panel
from components.setting_form import SettingForm
from components.text import Text
from components.working_out import WorkingOut
from components.zone_field import add_zone_field
from services.accounts import Account

NAME = 'type=text maxlength=100 autocomplete=name'


class AccountDesk:
    """Builds both panels, and follows how far the days of another zone are."""

    def __init__(
        self, accounts: SettingsAccounts, identity: BoardIdentity, saving: Saving, *, zones: Sequence[str]
    ) -> None:
        """:param zones: the names of those to choose from."""
        self._accounts = accounts
        self._user_id = identity.user_id
        self._saving = saving
        self._zones = zones
        self.working_out = False
        """Whether the days of another zone are on their way."""
        self._build_profile(identity)
        self._build_zone(identity)

    async def look(self) -> None:
        """See how far the days are; raises what reading the account raises."""
        self._show_days(await self._accounts.of(self._user_id))

    def _build_profile(self, identity: BoardIdentity) -> None:
        with Panel('Profile', name='profile') as panel:
            panel.show_note('How you are called, and the address you sign in with.')
            self._profile = SettingForm('Save profile', name='profile', on_save=self._rename)
            self._profile.add('Name', key='name', value=identity.name, props=NAME)
            with self._profile.body, LightElement('div', 'setting-field'):
                Text('span', 'E-mail address').classes('field-label')
                Text('span', identity.email).classes('setting-fact').mark('email')
                Text('p', 'Whoever runs this server can give you another one.').classes('setting-about')

    def _build_zone(self, identity: BoardIdentity) -> None:
        with Panel('Time zone', name='zone') as panel:
            panel.show_note('Decides which calendar day a prediction belongs to, wherever you are.')
            with LightElement('div', 'setting-body'):
                self._zone = SettingForm('Save time zone', name='zone', on_save=self._move)
                add_zone_field(self._zone, self._zones, value=identity.time_zone)
                self._days = WorkingOut()

    async def _rename(self, asked: object) -> None:
        async def work() -> str:
            account = await self._accounts.rename(self._user_id, typed(asked, 'name'))
            return f'Saved. Your name is {account.name}.' if account.name else 'Saved, without a name.'

        await self._saving.save(self._profile, work)

    async def _move(self, asked: object) -> None:
        async def work() -> str:
            zone = zone_called(typed(asked, 'time_zone'), self._zones)
            account = await self._accounts.move(self._user_id, zone)
            self._show_days(account)
            return 'Saved.' if self.working_out else f'Saved. Days are those in {account.time_zone}.'

        await self._saving.save(self._zone, work)

    def _show_days(self, account: Account) -> None:
        if account.days_of != account.time_zone:
            self.working_out = True
            self._days.show(
                account.time_zone, before=account.days_of, done=account.worked_out, customers=account.customers
            )
        elif self.working_out:
            self.working_out = False
            self._days.clear_progress(f'Days are those in {account.time_zone} now.')
