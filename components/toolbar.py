from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.button import Button, button
from components.markup import Markup, Node, tag
from components.menu import Menu
from components.text import Text

MESSAGE_SECONDS = 8
FORMATS = {
    'csv-excel': 'CSV for Excel',
    'xlsx': 'Excel (XLSX)',
    'csv': 'CSV',
    'json': 'JSON',
    'ndjson': 'JSON lines',
}
"""How people call them; first what most of them need."""


class Toolbar(ui.element, default_classes='toolbar'):
    """What can be done with the whole board, and what came of it."""

    def __init__(self, *, on_refresh: Callable[[], Any], on_export: Callable[[str], Any]) -> None:
        super().__init__('div')
        with self:
            self._message = Text('p').classes('toolbar-message').props('role=status').mark('toolbar-message')
            Button('Refresh', on_refresh).props('data-key=r aria-keyshortcuts=r').mark('refresh')
            with Menu('Export'):
                Markup(_formats(), actions={'export': on_export})

    def begin_with(self, element: ui.element) -> None:
        """Put something before what can always be done."""
        element.move(self, target_index=1)

    def say(self, message: str, *, lasting: bool = False) -> None:
        """Show a message for some seconds, or until the next one."""
        self._message.set_text(message)
        if message and not lasting:
            with self:
                ui.timer(MESSAGE_SECONDS, lambda: self._forget(message), once=True)

    def _forget(self, message: str) -> None:
        if self._message.text == message:
            self._message.set_text('')


def _formats() -> Node:
    buttons = [button(name, 'export', fmt, kind='quiet', classes='menu-item') for fmt, name in FORMATS.items()]
    return tag('div', '', tag('p', 'menu-caption', 'All predictions that match, as'), *buttons)
