from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from components.text import Text


class Button(Text):
    """A native button: small, focusable, and drawn by our own stylesheet."""

    def __init__(
        self, text: str, on_click: Callable[[], Any], *, kind: Literal['plain', 'strong', 'quiet'] = 'plain'
    ) -> None:
        super().__init__('button', text)
        self.classes(f'button button-{kind}').props('type=button').on('click', on_click, args=[])
