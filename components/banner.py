from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from components.button import button
from components.markup import Child, Markup, Node, tag


class Banner(Markup):
    """A line above the board with one thing to do; takes no room while hidden, which it is at first."""

    def __init__(self, *, action: str, on_action: Callable[[], Any], kind: Literal['sample', 'error']) -> None:
        self._action, self._kind = action, kind
        super().__init__(self._banner(''), actions={kind: lambda _item: on_action()})
        self.mark(f'{kind}-banner').set_visibility(False)

    def say(self, label: str, *text: Child) -> None:
        self.draw(self._banner(label, *text))

    def _banner(self, label: str, *text: Child) -> Node:
        return tag(
            'div',
            f'banner banner-{self._kind}',
            tag('span', 'banner-label', label),
            tag('p', 'banner-text', *text),
            button(self._action, self._kind, classes='banner-action'),
        )
