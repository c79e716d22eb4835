from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from components.formats import count, plural
from components.light_element import LightElement
from components.text import Text

COLUMNS = ('Line', 'Column', 'Value', 'What is wrong')
CELLS = ('line', 'column', 'value', 'reason')


class RowFaults(LightElement, default_classes='faults'):
    """The first rows that cannot be taken, each with the reason, and a way to all of them."""

    def __init__(self, *, download_path: str) -> None:
        """:param download_path: where the browser gets all of them as a file."""
        super().__init__('div')
        self.mark('faults')
        with self:
            table = LightElement('div', 'table').props('role=table tabindex=0')
            table.props['aria-label'] = 'Rows that are not valid'
            with table:
                with _part('table-head', 'rowgroup'), _part('row', 'row'):
                    for column in COLUMNS:
                        Text('span', column).props('role=columnheader')
                self._rows = _part('rows', 'rowgroup').mark('fault-rows')
            with LightElement('p', 'faults-foot'):
                self._note = Text('span')
                self._all = Text('a').classes('link').props('download').mark('all-faults')
        self._all.props['href'] = download_path

    def show(self, faults: Sequence[Sequence[str]], *, rejected: int) -> None:
        """:param faults: the first ones: line, column, value and reason of each."""
        self._rows.clear()
        with self._rows:
            for fault in faults:
                with _part('row', 'row'):
                    for name, text in zip(CELLS, fault, strict=True):
                        Text('span', text).classes(f'cell-{name}').props('role=cell')
        some = len(faults) < rejected
        self._note.set_text(f'The first {len(faults)} of {plural(rejected, "row", "rows")}. ' if some else '')
        self._all.set_text(f'Download all {count(rejected)} as CSV' if some else 'Download them as CSV')


def _part(classes: str, role: str) -> ui.element:
    return LightElement('div', classes).props(f'role={role}')
