from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from components.light_element import LightElement
from components.markup import Markup, Node, Rows, tag


class TableRow(NamedTuple):
    """What a chart shows at one place, written out."""

    key: str
    cells: tuple[str, ...]
    """The first names the place."""


class ChartTable(LightElement, default_classes='chart-table', default_props='tabindex=0 role=region'):
    """The same as a chart, to be read: it costs nothing while it has no rows."""

    def __init__(self, subject: str, columns: Sequence[str]) -> None:
        super().__init__('div')
        self.props['aria-label'] = f'{subject} as a table'
        self._head = tag('thead', '', tag('tr', '', *(tag('th', '', column, scope='col') for column in columns)))
        self._rows = Rows(_row)
        with self:
            self._table = Markup(tag('table'))

    def show(self, rows: Sequence[TableRow]) -> None:
        self._table.draw(tag('table', '', self._head, tag('tbody', '', *self._rows.of(rows))) if rows else tag('table'))


def _row(of: TableRow) -> Node:
    first, *others = of.cells
    return tag('tr', '', tag('th', '', first, scope='row'), *(tag('td', '', cell) for cell in others), key=of.key)
