from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from components.button import Button
from components.element_state import set_prop
from components.keyed_rows import KeyedRows, Row
from components.text import Text


class FilterChip(Row[tuple[str, str]], default_classes='chip'):
    """One filter in words, and the button that takes it back."""

    def __init__(self, on_clear: Callable[[str], Any]) -> None:
        super().__init__('li')
        self._name = ''
        with self:
            self._words = Text('span')
            self._remove = Button('×', lambda: on_clear(self._name), kind='quiet').classes('chip-remove')

    def show(self, item: tuple[str, str]) -> None:
        self._name, words = item
        self._words.set_text(words)
        set_prop(self._remove, 'aria-label', f'Remove the filter: {words}')
        self.mark(f'chip-{self._name}')


class FilterChips(ui.element, default_classes='chips'):
    """Which filters narrow the board: always in sight, also where the fields are folded away.

    Without any it says so in the same place, so that the first one moves nothing below it.
    """

    def __init__(self, *, on_clear: Callable[[str], Any]) -> None:
        super().__init__('div')
        with self:
            self._chips = KeyedRows('ul', lambda: FilterChip(on_clear), lambda item: item[0])
            self._chips.props('aria-label="Filters in force"')
            self._none = Text('span', 'All predictions').classes('quiet')
            self._reset = Text('button', 'Reset').classes('button button-quiet filters-reset').props('type=reset')

    def show(self, chips: Mapping[str, str], *, may_reset: bool) -> None:
        """
        :param chips: words by the filter's name.
        :param may_reset: whether there is something to reset.
        """
        self._chips.show(list(chips.items()))
        self._none.set_visibility(not chips)
        self._reset.set_visibility(may_reset)
