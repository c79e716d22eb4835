from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.button import Button
from components.light_element import LightElement
from components.text import Text


class ConfirmDialog(ui.dialog):
    """Asks once more before something cannot be undone; stays open, and says why, when it fails.

    The focus begins at what changes nothing: a key that is pressed once too often does no harm.
    """

    def __init__(self, title: str, text: str, *, action: str, on_confirm: Callable[[], Any]) -> None:
        super().__init__()
        with self, LightElement('div', 'dialog').props('role=document'):
            heading = Text('h2', title).classes('dialog-title')
            consequence = Text('p', text).classes('dialog-text')
            self._error = Text('p').classes('field-error').props('role=alert').mark('dialog-error')
            with LightElement('div', 'dialog-actions'):
                Button('Cancel', self.close, kind='quiet').props('data-autofocus')
                Button(action, on_confirm, kind='strong').mark('dialog-confirm')
        self.props['aria-labelledby'] = heading.html_id
        self.props['aria-describedby'] = consequence.html_id

    def ask(self) -> None:
        self._error.set_text('')
        self.open()

    def show_error(self, message: str) -> None:
        self._error.set_text(message)
