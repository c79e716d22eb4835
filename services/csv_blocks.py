"""Many lines of a CSV file at once, where each of them plainly is one row, as in most files throughout."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from services.csv_header import Header
from services.formula_guard import unguarded
from services.prediction_rows import FIELDS
from services.row_columns import Column

MAX_FIELD = 64 * 1024
"""Characters of one value."""

TEXTS = tuple(FIELDS.index(field) for field in ('customer_id', 'external_id', 'customer_name', 'reasons'))


def columns_of(block: bytes, header: Header, delimiter: str) -> list[Column] | None:
    """The texts of each of ``FIELDS`` in these lines, without the apostrophes that an export put before them.

    :return: None where a line may be more or less than a row, or is no good one: that takes reading line by line.
    """
    text = _text(block)
    if text is None:
        return None
    cells = (_quoted_cells if '"' in text else _plain_cells)(text, header, delimiter)
    return _unguarded_columns(cells) if cells and "'" in text else cells


def _text(block: bytes) -> str | None:
    """The lines, ending with newlines; None if one might be cut into two, or a value be too long."""
    try:
        text = block.decode().replace('\r\n', '\n')
    except UnicodeDecodeError:
        return None
    return None if '\r' in text or len(text) > MAX_FIELD else text.removesuffix('\n')


def _plain_cells(text: str, header: Header, delimiter: str) -> list[Column] | None:
    """All lines are cut at once, and each cell that begins a line keeps its newline in front.

    So it shows whether every line has as many cells as there are columns, which is when this works out.
    """
    cells = f'\n{text}'.replace('\n', f'{delimiter}\n').split(delimiter)
    firsts = cells[1 :: header.columns]
    together = ''.join(firsts)
    rows = len(firsts)
    if len(cells) - 1 != rows * header.columns or not together.count('\n') == rows == text.count('\n') + 1:
        return None
    first_column = together[1:].split('\n')
    return [_column(cells, position, first_column, header.columns) for position in header.positions]


def _column(cells: list[str], position: int, first_column: list[str], columns: int) -> Column:
    if position < 0:
        return None
    return cells[1 + position :: columns] if position else first_column


def _quoted_cells(text: str, header: Header, delimiter: str) -> list[Column] | None:
    lines = text.split('\n')
    try:
        records = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    # a quoted value may go over several lines
    if len(records) != len(lines) or set(map(len, records)) != {header.columns}:
        return None
    columns = list(zip(*records, strict=True))
    return [columns[position] if position >= 0 else None for position in header.positions]


def _unguarded_columns(columns: Sequence[Column]) -> list[Column]:
    return [
        [unguarded(text) for text in column] if column and place in TEXTS else column
        for place, column in enumerate(columns)
    ]
