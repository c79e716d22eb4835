from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from components.element_state import set_class
from components.formats import reason
from components.text import Text

SHOWN = 3


class Reasons(ui.element, default_classes='reasons'):
    """Why a score is what it is: what drives it up (+) and what holds it down (−), the strongest first."""

    def __init__(self) -> None:
        super().__init__('div')
        self._items: list[Text] = []

    def show(self, reasons: Sequence[str] | None) -> None:
        texts = list(reasons or ())[:SHOWN]
        with self:
            while len(self._items) < len(texts):
                self._items.append(Text('span').classes('reason'))
        for index, item in enumerate(self._items):
            item.set_visibility(index < len(texts))
            if index < len(texts):
                item.set_text(reason(texts[index]))
                set_class(item, 'reason-down', on=texts[index].startswith('-'))
