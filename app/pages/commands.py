"""What every page offers by keyboard: the commands of its palette, and the keys."""

from __future__ import annotations

from functools import cache

from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from app.pages.reader import IS_DARK
from app.pages.updates import Updates
from components.filter_bar import PERIODS, RISKS
from components.markup import Encoded
from components.page_theme import PageTheme
from components.palette import Command, palette
from components.toolbar import FORMATS
from services.preferences import Theme

KEYS = {
    '/': 'search customers',
    'p': 'pause or resume',
    'r': 'refresh the board',
    't': 'show a chart as a table',
    '+': 'zoom into a chart',
    '-': 'out of it again',
    '?': 'show all keys',
}
"""What each single key does; they can be switched off."""
CHORDS = {
    'Ctrl K': 'search pages, views, filters and actions',
    'Ctrl P': 'print, with all charts',
    'Esc': 'close what is open',
}
"""What works always."""

THEMES = {Theme.LIGHT: 'Light colours', Theme.DARK: 'Dark colours', Theme.SYSTEM: 'Colours as this device has them'}
PERIOD_WORDS = {
    'all': 'All days',
    'today': 'Today',
    '7d': 'The last 7 days',
    '30d': 'The last 30 days',
    '90d': 'The last 90 days',
}


def follow_theme(updates: Updates, client: Client) -> None:
    """Give a page the colours its reader chooses in the palette."""

    async def choose(event: GenericEventArguments) -> None:
        """The browser says which theme was chosen; it may say anything."""
        if isinstance(event.args, str) and event.args in set(Theme):
            theme = Theme(event.args)
            PageTheme.change(client, IS_DARK[theme])
            await updates.remember(theme=theme)

    ui.on('churnboard:theme', choose)


@cache
def opener() -> Encoded:
    """The button of the palette."""
    return palette(commands(), keys={**KEYS, **CHORDS})


def commands() -> list[Command]:
    """In the order in which they are listed while nothing is typed."""
    return [*_pages(), *_filters(), *_actions()]


def _pages() -> list[Command]:
    return [
        Command(kind='Page', words='Board', also='home dashboard', href='/'),
        Command(kind='Page', words='Data', also='upload import file sources', href='/data'),
        Command(kind='Page', words='Settings', also='account password theme sessions api keys', href='/settings'),
        Command(kind='Page', words='Connect a program', also='api keys token', href='/connect'),
        Command(kind='Page', words='REST interface', also='api documentation openapi', href='/api/docs'),
    ]


def _filters() -> list[Command]:
    risks = [
        Command(
            kind='Filter',
            words=f'{RISKS[level]} risk',
            click=f'.choice-risk .choice-{level}',
            href=f'/?risk={level}',
        )
        for level in RISKS
    ]
    periods = [
        Command(
            kind='Filter',
            words=PERIOD_WORDS[period],
            also='period days',
            click=f'.choice-period .choice-{period}',
            href='/' if period == 'all' else f'/?range={period}',
        )
        for period in PERIODS
        if period in PERIOD_WORDS
    ]
    return [*risks, *periods, Command(kind='Filter', words='Reset the filters', also='clear', click='.filters-reset')]


def _actions() -> list[Command]:
    exports = [
        Command(
            kind='Action',
            words=f'Export as {name}',
            also='download',
            click=f'[data-action="export"][data-item="{fmt}"]',
        )
        for fmt, name in FORMATS.items()
    ]
    themes = [
        Command(kind='Action', words=words, also='theme', click=f'.choice-theme .choice-{theme}', theme=theme.value)
        for theme, words in THEMES.items()
    ]
    return [
        Command(kind='Action', words='Pause or resume the updates', also='stop hold', click='[data-key="p"]'),
        Command(kind='Action', words='Refresh', also='reload update', click='[data-key="r"]'),
        *exports,
        Command(kind='Action', words='Print', also='paper pdf charts', print=True),
        *themes,
        Command(kind='Action', words='Show all keys', also='keyboard shortcuts help', help=True),
        Command(kind='Action', words='Sign out', also='log out leave', click='.top form[method="post"] button'),
    ]
