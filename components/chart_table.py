from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nicegui import ui

from components.keyed_rows import KeyedRows, Row
from components.text import Text


class TableRow(NamedTuple):
    """What a chart shows at one place, written out."""

    key: str
    cells: tuple[str, ...]
    """The first names the place."""


class _Cells(Row[TableRow]):
    def __init__(self, columns: int) -> None:
        super().__init__('tr')
        with self:
            self._cells = [Text('th').props('scope=row'), *(Text('td') for _ in range(1, columns))]

    def show(self, item: TableRow) -> None:
        for cell, text in zip(self._cells, item.cells, strict=True):
            cell.set_text(text)


class ChartTable(ui.element, default_classes='chart-table', default_props='tabindex=0 role=region'):
    """The same as a chart, to be read: it costs nothing while it has no rows."""

    def __init__(self, subject: str, columns: Sequence[str]) -> None:
        super().__init__('div')
        self.props['aria-label'] = f'{subject} as a table'
        with self, ui.element('table'):
            with ui.element('thead'), ui.element('tr'):
                for column in columns:
                    Text('th', column).props('scope=col')
            self._rows = KeyedRows('tbody', lambda: _Cells(len(columns)), lambda row: row.key)

    def show(self, rows: Sequence[TableRow]) -> None:
        self._rows.show(rows)
