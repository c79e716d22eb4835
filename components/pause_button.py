from __future__ import annotations

from collections.abc import Callable

from components.button import Button
from components.element_state import set_prop


class PauseButton(Button):
    """Holds the updates, for everybody who reads slower than the numbers change."""

    def __init__(self, on_pause: Callable[[bool], None]) -> None:
        super().__init__('Pause', self._toggle, kind='quiet')
        self._on_pause = on_pause
        self._paused = False
        self.props('aria-pressed=false').mark('pause')

    def _toggle(self) -> None:
        self._paused = not self._paused
        set_prop(self, 'aria-pressed', 'true' if self._paused else 'false')
        self.set_text('Resume' if self._paused else 'Pause')
        self._on_pause(self._paused)
