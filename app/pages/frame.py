"""What every signed-in page has around its content: style, header, footer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from nicegui import Client, ui

from app.asset_files import asset_url
from app.pages.board_services import BoardIdentity
from app.pages.commands import follow_theme, opener
from app.pages.reader import IS_DARK, numbers_of, preferences_of
from app.pages.session_end import session_end_of
from app.pages.updates import Updates
from components.account_menu import account_menu
from components.connection import Connection
from components.light_element import LightElement
from components.markup import Markup, Node, tag
from components.page_links import page_links
from components.page_theme import PageTheme
from components.session_warning import SessionWarning
from components.text import Text

EVERYWHERE = (
    'board.css',
    'status.css',
    'palette.css',
    'session.css',
    'live.js',
    'page.js',
    'focus.js',
    'session.js',
    'palette.js',
    'print.js',
    'unseen.js',
)
PAGES = {'/': 'Board', '/data': 'Data'}


@contextmanager
def frame(
    title: str,
    identity: BoardIdentity,
    *,
    updates: Updates,
    path: str = '/',
    assets: Collection[str] = (),
) -> Iterator[Connection]:
    """Build the page around the content; gives the display of the connection, which the page keeps up to date.

    :param updates: begins once the page has its frame.
    :param path: where the page is, to mark it in the navigation.
    :param assets: style sheets and scripts that this page alone needs.
    """
    _add_assets((*EVERYWHERE, *assets, 'print.css'))
    client, chosen = ui.context.client, preferences_of(ui.context.client)
    layout, content = client.layout, client.content
    PageTheme(IS_DARK[chosen.theme])
    with layout:
        Markup(_skip_link(content.html_id)).move(target_index=0)
        header = LightElement('header', 'top')
        header.move(target_index=1)
        _session_warning(client)
        with header:
            Markup(tag('div', 'top-part', _brand(), page_links(PAGES, current=path)))
            connection = Connection(
                time_zone=identity.time_zone,
                numbers=numbers_of(client),
                shortcuts=chosen.shortcuts,
            )
            updates.start(connection)
            follow_theme(updates, client)
            Reader(identity)
    with LightElement('div', 'board'):
        Text('h1', title).classes('sr-only')
        yield connection
    with layout:
        footer = Markup(_footer(identity.time_zone))
    connection.on_zone(lambda zone: footer.draw(_footer(zone)))


def _add_assets(names: Collection[str]) -> None:
    for name in names:
        if name.endswith('.css'):
            ui.add_head_html(f'<link rel="stylesheet" href="{asset_url(name)}">')
        else:
            ui.add_head_html(f'<script defer src="{asset_url(name)}"></script>')


def _footer(zone: str) -> Node:
    return tag('footer', 'bottom', tag('p', '', f'Days are calendar days in {zone}.'))


def _skip_link(target: str) -> Node:
    return tag('a', 'skip', 'Skip to the content', href=f'#{target}')


def _session_warning(client: Client) -> None:
    end = session_end_of(client)
    if end is not None:
        SessionWarning(
            seconds_left=end.seconds_left, warning_seconds=end.warning_seconds, prolongable=end.prolongable
        ).move(target_index=1)  # before the header: whoever needs it is there soon


def _brand() -> Node:
    mark, name = tag('span', 'brand-mark', aria_hidden='true'), tag('span', 'brand-name', 'Churnboard')
    return tag('a', 'brand', mark, name, href='/', aria_label='Churnboard')


class Reader(Markup):
    """What belongs to who is signed in. By the number a browser tells people apart, also after a sign-out."""

    def __init__(self, identity: BoardIdentity) -> None:
        self._identity = identity
        super().__init__(self.again())

    def again(self) -> Node:
        return tag(
            'div',
            'top-part',
            opener(),
            account_menu(name=self._identity.name, email=self._identity.email),
            data_account=str(self._identity.user_id),
        )
