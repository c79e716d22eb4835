from __future__ import annotations

from components.element_state import set_prop
from components.light_element import LightElement
from components.text import Text


class UploadProgress(LightElement, default_classes='progress'):
    """How far a file is. No live region: the numbers tick, and the end is announced."""

    def __init__(self, label: str) -> None:
        super().__init__('div')
        with self:
            self._bar = LightElement('progress', 'bar').props('max=100').mark('progress-bar')
            with LightElement('p', 'progress-text'):
                self._words = Text('span').mark('progress-text')
                self._detail = Text('span').classes('progress-detail').mark('progress-detail')
        self._bar.props['aria-label'] = label

    def show(self, text: str, *, detail: str = '', percent: int | None = None) -> None:
        """:param percent: ``None`` while nobody can know."""
        self._words.set_text(text)
        self._detail.set_text(detail)
        set_prop(self._bar, 'value', None if percent is None else str(percent))
