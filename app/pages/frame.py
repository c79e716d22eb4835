"""What every signed-in page has around its content: style, header, footer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

from nicegui import ui

from app.pages.board_services import BoardIdentity
from components.account_menu import AccountMenu
from components.connection import Connection
from components.page_links import PageLinks
from components.pause_button import PauseButton
from components.text import Text

ASSETS = Path(__file__).parents[2] / 'assets'
PAGES = {'/': 'Board', '/data': 'Data'}


@contextmanager
def frame(
    title: str,
    identity: BoardIdentity,
    *,
    refresh_seconds: float,
    on_pause: Callable[[bool], None],
    path: str = '/',
    assets: Collection[str] = (),
) -> Iterator[Connection]:
    """Build the page around the content; gives the display of the connection, which the page keeps up to date.

    :param path: where the page is, to mark it in the navigation.
    :param assets: style sheets and scripts that this page alone needs.
    """
    _add_assets(('board.css', 'live.js', *assets))
    layout, content = ui.context.client.layout, ui.context.client.content
    with layout:
        _skip_link(content.html_id).move(target_index=0)
        header = ui.element('header').classes('top')
        header.move(target_index=1)
        with header:
            _brand()
            PageLinks(PAGES, current=path)
            connection = Connection(refresh_seconds=refresh_seconds, time_zone=identity.time_zone)
            PauseButton(on_pause)
            AccountMenu(name=identity.name, email=identity.email)
    with ui.element('div').classes('board'):
        Text('h1', title).classes('sr-only')
        yield connection
    with layout, ui.element('footer').classes('bottom'):
        Text('p', f'Days are calendar days in {identity.time_zone}.')


@cache
def asset_url(name: str) -> str:
    """Where the browser finds an asset; changes with its content, so that it may be cached for ever."""
    return f'/assets/{name}?v={sha256((ASSETS / name).read_bytes()).hexdigest()[:12]}'


def _add_assets(names: Collection[str]) -> None:
    for name in names:
        if name.endswith('.css'):
            ui.add_head_html(f'<link rel="stylesheet" href="{asset_url(name)}">')
        else:
            ui.add_head_html(f'<script defer src="{asset_url(name)}"></script>')


def _skip_link(target: str) -> ui.element:
    link = Text('a', 'Skip to the content').classes('skip')
    link.props['href'] = f'#{target}'
    return link


def _brand() -> None:
    with ui.element('a').classes('brand').props('href=/ aria-label=Churnboard'):
        ui.element('span').classes('brand-mark').props('aria-hidden=true')
        Text('span', 'Churnboard').classes('brand-name')
