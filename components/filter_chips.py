from __future__ import annotations

from collections.abc import Mapping

from components.button import button
from components.markup import Node, tag


def filter_chips(chips: Mapping[str, str], *, may_reset: bool) -> Node:
    """Which filters narrow the board, each with the button that takes it back: the action ``clear``.

    Always in sight, also where the fields are folded away. Without any it says so in the same place, so that the first
    one moves nothing below it.

    :param chips: words by the filter's name.
    :param may_reset: whether there is something to reset.
    """
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
