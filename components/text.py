from __future__ import annotations

from typing import Any, Self

from components.light_element import LightElement


class Text(LightElement):
    """Text in a tag of its own. Always text, never markup: the only way names and reasons reach the page.

    NiceGUI's own can be bound to what changes, which we never do, and which takes a kilobyte of each.
    """

    def __init__(self, tag: str, text: str = '') -> None:
        super().__init__(tag)
        self._text = text

    @property
    def text(self) -> str:
        return self._text or ''

    def set_text(self, text: str) -> Self:
        """Show something else; an unchanged text sends nothing to the browser."""
        if text != self._text:
            self._text = text
            self.update()
        return self

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [*super()._displayed_contents(only_visible=only_visible), self._text]
