from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.button import Button
from components.element_state import set_prop


class PauseButton(Button):
    """Holds the updates; whether they are held is said by :meth:`show` alone."""

    def __init__(self, on_press: Callable[[], Any]) -> None:
        super().__init__('Pause', on_press, kind='quiet')
        self.props('data-key=p aria-keyshortcuts=p').mark('pause')
        self.show(False)

    def show(self, paused: bool) -> None:
        set_prop(self, 'aria-pressed', 'true' if paused else 'false')
        self.set_text('Resume' if paused else 'Pause')
