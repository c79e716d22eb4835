from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from components.button import button
from components.markup import Markup, Node, tag


class FilterChips(Markup):
    """Which filters narrow the board, each with the button that takes it back.

    Always in sight, also where the fields are folded away. Without any it says so in the same place, so that the first
    one moves nothing below it.
    """

    def __init__(self, *, on_clear: Callable[[str], Any]) -> None:
        """:param on_clear: told the name of the filter that is taken back."""
        super().__init__(_chips({}, may_reset=False), actions={'clear': on_clear})

    def show(self, chips: Mapping[str, str], *, may_reset: bool) -> None:
        """
        :param chips: words by the filter's name.
        :param may_reset: whether there is something to reset.
        """
        self.draw(_chips(chips, may_reset=may_reset))


def _chips(chips: Mapping[str, str], *, may_reset: bool) -> Node:
    reset = tag('button', 'button button-quiet filters-reset', 'Reset', type='reset', key='reset')
    return tag(
        'div',
        'chips',
        tag('ul', '', *[_chip(name, words) for name, words in chips.items()], aria_label='Filters in force', key='set'),
        None if chips else tag('span', 'quiet', 'All predictions', key='none'),
        reset if may_reset else None,
    )


def _chip(name: str, words: str) -> Node:
    label = f'Remove the filter: {words}'
    remove = button('×', 'clear', name, kind='quiet', classes='chip-remove', aria_label=label)
    return tag('li', 'chip', tag('span', '', words), remove, key=name)
