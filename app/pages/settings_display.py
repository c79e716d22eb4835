"""How pages look and behave for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from nicegui import Client

from app.pages.board_services import BoardPreferences
from app.pages.commands import KEYS
from app.pages.reader import IS_DARK, PREFERENCES, numbers_of, preferences_of
from app.pages.saving import Saving
from app.pages.updates import Updates, rate_words
from app.reader_locale import number_format
from components.connection import Connection
from components.display_panel import DisplayPanel
from components.formats import NumberFormat, moment, written_as
from components.page_theme import PageTheme
from services.errors import InvalidRequest, Unavailable
from services.preferences import Locale, PreferenceChange, Theme, UpdateInterval

THEMES = {Theme.SYSTEM: 'As this device', Theme.LIGHT: 'Light', Theme.DARK: 'Dark'}
LOCALES = {
    Locale.BROWSER: 'As this browser asks for',
    Locale.EN_US: 'English (United States)',
    Locale.EN_GB: 'English (United Kingdom)',
    Locale.CS_CZ: 'Čeština',
    Locale.DA_DK: 'Dansk',
    Locale.DE_DE: 'Deutsch (Deutschland)',
    Locale.DE_AT: 'Deutsch (Österreich)',
    Locale.DE_CH: 'Deutsch (Schweiz)',
    Locale.ES_ES: 'Español (España)',
    Locale.ES_MX: 'Español (México)',
    Locale.FR_FR: 'Français (France)',
    Locale.FR_CH: 'Français (Suisse)',
    Locale.IT_IT: 'Italiano',
    Locale.JA_JP: '日本語',
    Locale.KO_KR: '한국어',
    Locale.NB_NO: 'Norsk bokmål',
    Locale.NL_NL: 'Nederlands',
    Locale.PL_PL: 'Polski',
    Locale.PT_BR: 'Português (Brasil)',
    Locale.PT_PT: 'Português (Portugal)',
    Locale.FI_FI: 'Suomi',
    Locale.SV_SE: 'Svenska',
    Locale.TR_TR: 'Türkçe',
    Locale.ZH_CN: '中文 (简体)',
}

SAMPLE = datetime(2026, 12, 31, 14, 30)  # noqa: DTZ001 -- of no zone: it shows how a time is written


class DisplayDesk:
    """Keeps each choice at once, and has this page follow it."""

    def __init__(
        self,
        preferences: BoardPreferences,
        user_id: int,
        client: Client,
        saving: Saving,
        *,
        updates: Updates,
        connection: Connection,
        beat: float,
    ) -> None:
        """:param beat: the server's, in seconds."""
        self._preferences = preferences
        self._user_id = user_id
        self._client = client
        self._saving = saving
        self._updates = updates
        self._connection = connection
        self._rates = rate_words(beat)
        self._panel = DisplayPanel(
            themes={theme.value: words for theme, words in THEMES.items()},
            locales={locale.value: _with_sample(locale, words) for locale, words in LOCALES.items()},
            rates=self._rates,
            keys=KEYS,
            on_choose=self._choose,
        )
        updates.on_choice(self.show)
        self.show()

    def show(self) -> None:
        """Show which choices are in force."""
        chosen = preferences_of(self._client)
        self._panel.show(
            theme=chosen.theme.value,
            locale=chosen.locale.value,
            rate=self._updates.interval.value,
            shortcuts=chosen.shortcuts,
        )

    async def _choose(self, which: str, value: object) -> None:
        async def work() -> str:
            return await self._keep(which, value)

        said, problem = await self._saving.attempt(work)
        if not self._client.is_deleted:
            self.show()
            self._panel.say(which, f'Not kept. {said}' if problem else said, failed=problem is not None)

    async def _keep(self, which: str, value: object) -> str:
        """Keep one choice; what came of it, in words."""
        if which == 'theme' and _is(value, Theme):
            return await self._keep_theme(Theme(str(value)))
        if which == 'locale' and _is(value, Locale):
            return await self._keep_locale(Locale(str(value)))
        if which == 'rate' and _is(value, UpdateInterval):
            if problem := await self._updates.choose(value):
                raise Unavailable(problem)
            return f'Kept: {self._rates.get(str(value), "").lower()}.'
        if which == 'shortcuts' and value in ('on', 'off'):
            return await self._keep_shortcuts(value == 'on')
        raise InvalidRequest('That cannot be chosen.')

    async def _keep_theme(self, theme: Theme) -> str:
        await self._change(theme=theme)
        PageTheme.change(self._client, IS_DARK[theme])
        return f'Kept: {THEMES[theme].lower()}.'

    async def _keep_locale(self, locale: Locale) -> str:
        await self._change(locale=locale)
        numbers = numbers_of(self._client)
        self._connection.show_format(numbers)
        return f'Kept: numbers and dates are written that way from now on: {_sample(numbers)}.'

    async def _keep_shortcuts(self, on: bool) -> str:
        await self._change(shortcuts=on)
        self._connection.show_shortcuts(on)
        return f'Kept: single keys {"do what is said above" if on else "do nothing"}.'

    async def _change(self, **changes: Unpack[PreferenceChange]) -> None:
        kept = await self._preferences.change(self._user_id, **changes)
        self._client.request.scope[PREFERENCES] = kept


def _is(value: object, kind: type[Theme | Locale | UpdateInterval]) -> bool:
    return isinstance(value, str) and value in set(kind)


def _with_sample(locale: Locale, words: str) -> str:
    if locale is Locale.BROWSER:
        return words
    return f'{words}: {_number(number_format(locale.value))}'


def _number(numbers: NumberFormat) -> str:
    return f'1{numbers.group}234{numbers.decimal}5'


def _sample(numbers: NumberFormat) -> str:
    with written_as(numbers):
        return f'{_number(numbers)} · {moment(SAMPLE)}'
