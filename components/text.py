from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement


class Text(TextElement):
    """Text in a tag of its own. Always text, never markup: the only way names and reasons reach the page."""

    def __init__(self, tag: str, text: str = '') -> None:
        super().__init__(tag=tag, text=text)
