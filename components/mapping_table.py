from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.button import Button
from components.element_state import set_class, set_prop
from components.formats import count
from components.light_element import LightElement
from components.text import Text

SHOWN = 12
"""Columns that are shown at first beside those that hold something: exports of other systems have hundreds."""
IGNORED = 'Ignore'
SEND_VALUE = '(event) => emit(event.target.value)'


class MappingTable(LightElement, default_classes='mapping'):
    """A file's first rows, and above each column what it holds.

    The browser owns the choices: the server never writes into one, so none changes under somebody's hands.
    """

    def __init__(self, fields: Mapping[str, str], *, on_choose: Callable[[int, object], Any]) -> None:
        """:param fields: the text of each choice but the first, which ignores the column.

        :param on_choose: told the column's place and the choice, which may be anything.
        """
        super().__init__('div')
        self._fields = fields
        self._on_choose = on_choose
        self._selects: dict[int, ui.element] = {}
        self._cells: dict[int, list[ui.element]] = {}

    def fill(self, columns: Sequence[str], rows: Sequence[Sequence[str]], chosen: Mapping[int, str]) -> None:
        """Show a file for the first time."""
        first = [index for index in range(len(columns)) if index in chosen][:SHOWN]
        others = (index for index in range(len(columns)) if index not in chosen)
        places = sorted([*first, *(index for index, _ in zip(others, range(SHOWN - len(first)), strict=False))])
        self._build(columns, rows, chosen, places)

    def show(self, *, chosen: Mapping[int, str], conflicts: Collection[int]) -> None:
        """Mark what is ignored, and the columns that share a field."""
        for index, select in self._selects.items():
            set_prop(select, 'aria-invalid', 'true' if index in conflicts else None)
            for cell in self._cells[index]:
                set_class(cell, 'ignored', on=index not in chosen)

    def _build(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        chosen: Mapping[int, str],
        places: Sequence[int],
    ) -> None:
        self.clear()
        with self:
            frame = LightElement('div', 'mapping-scroll').props('tabindex=0 role=region')
            frame.props['aria-label'] = 'The first rows, and what each column holds'
            with frame, LightElement('table').props('role=table'):
                with _part('thead', 'rowgroup'), _part('tr', 'row'):
                    self._cells = {index: [self._head(index, columns[index], chosen.get(index))] for index in places}
                with _part('tbody', 'rowgroup'):
                    for row in rows:
                        with _part('tr', 'row'):
                            for index in places:
                                self._cells[index].append(Text('td', row[index]).props('role=cell'))
            if len(places) < len(columns):
                everything = range(len(columns))
                Button(
                    f'Show all {count(len(columns))} columns',
                    lambda: self._build(columns, rows, chosen, everything),
                    kind='quiet',
                ).mark('all-columns')
        self.show(chosen=chosen, conflicts=())

    def _head(self, index: int, column: str, chosen: str | None) -> ui.element:
        cell = LightElement('th').props('role=columnheader scope=col')
        with cell:
            Text('span', column).classes('column-name')
            select = LightElement('select', 'select').mark(f'column-{index}')
            with select:
                for value, text in {'': IGNORED, **self._fields}.items():
                    option = Text('option', text)
                    option.props['value'] = value
                    if value == (chosen or ''):
                        option.props['selected'] = True
        select.props['aria-label'] = f'What “{column}” holds'

        def changed(event: GenericEventArguments) -> Any:
            return self._on_choose(index, event.args)

        select.on('change', changed, js_handler=SEND_VALUE)
        self._selects[index] = select
        return cell


def _part(tag: str, role: str) -> ui.element:
    return LightElement(tag).props(f'role={role}')
