from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from components.markup import Node, tag
from components.text import Text

Kind = Literal['plain', 'strong', 'quiet']


class Button(Text):
    """A native button: small, focusable, and drawn by our own stylesheet."""

    def __init__(self, text: str, on_click: Callable[[], Any], *, kind: Kind = 'plain') -> None:
        super().__init__('button', text)
        self.classes(f'button button-{kind}').props('type=button').on('click', on_click, args=[])


def button(
    text: str, action: str, item: str = '', *, kind: Kind = 'plain', classes: str = '', **attributes: str | None
) -> Node:
    """The same in a markup, which does this action when it is pressed.

    :param item: what to do it with.
    """
    return tag(
        'button',
        f'button button-{kind} {classes}'.rstrip(),
        text,
        type='button',
        data_action=action,
        data_item=item or None,
        **attributes,
    )
