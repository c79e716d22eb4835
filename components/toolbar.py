from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from nicegui import ui

from components.button import button
from components.markup import Encoded, Markup, Node, encoded, tag
from components.menu import menu

MESSAGE_SECONDS = 8
FORMATS = {
    'csv-excel': 'CSV for Excel',
    'xlsx': 'Excel (XLSX)',
    'csv': 'CSV',
    'json': 'JSON',
    'ndjson': 'JSON lines',
}
"""How people call them; first what most of them need."""


class Toolbar(Markup):
    """What can be done with the whole board, and what came of it."""

    def __init__(self, *, on_refresh: Callable[[], Any], on_export: Callable[[str], Any]) -> None:
        super().__init__(
            _toolbar(''),
            actions={'refresh': lambda _item: on_refresh(), 'export': on_export},
        )
        self._message = ''

    def say(self, message: str, *, lasting: bool = False) -> None:
        """Show a message for some seconds, or until the next one."""
        self._show(message)
        if message and not lasting:
            with self:
                ui.timer(MESSAGE_SECONDS, lambda: self._forget(message), once=True)

    def _show(self, message: str) -> None:
        self._message = message
        self.draw(_toolbar(message))

    def _forget(self, message: str) -> None:
        if self._message == message:
            self._show('')


def _toolbar(message: str) -> Node:
    return tag(
        'div',
        'toolbar-part',
        tag('p', 'toolbar-message', message, role='status'),
        button('Refresh', 'refresh', aria_keyshortcuts='r', data_key='r'),
        _exports(),
    )


@cache
def _exports() -> Encoded:
    buttons = [button(name, 'export', fmt, kind='quiet', classes='menu-item') for fmt, name in FORMATS.items()]
    return encoded(menu('Export', tag('p', 'menu-caption', 'All predictions that match, as'), *buttons))
