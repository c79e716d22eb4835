from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from nicegui import ui

from components.button import Button
from components.text import Text


class Banner(ui.element, default_classes='banner'):
    """A line above the board with one thing to do; takes no room while hidden."""

    def __init__(
        self, label: str, *, action: str, on_action: Callable[[], Any], kind: Literal['sample', 'error']
    ) -> None:
        super().__init__('div')
        self.classes(f'banner-{kind}')
        with self:
            self.label = Text('span', label).classes('banner-label')
            self.body = ui.element('p').classes('banner-text')
            Button(action, on_action).classes('banner-action')
