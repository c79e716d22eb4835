"""What every format of file is read into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from services.errors import InvalidRequest
from services.prediction_rows import PredictionRow, RowError, printable

NO_MAPPING: Mapping[str, str] = {}
NO_ROWS = 'The file holds no rows: after the line with the column names, each line is one prediction.'

PREVIEWED = 10
"""Rows that are shown of a file before it is taken in."""


@dataclass(frozen=True)
class RowFile:
    """An opened file: its columns are read and known to be good, its rows are yet to come, once."""

    ignored: tuple[str, ...]
    """Columns of the file that are not used."""
    rows: Iterator[PredictionRow | RowError]

    def __iter__(self) -> Iterator[PredictionRow | RowError]:
        return self.rows


@dataclass(frozen=True)
class Sample:
    """The beginning of a file as it is, whatever its columns are called."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """At most ``PREVIEWED``, one text a column."""


def sample(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Sample:
    """The first of the rows, cut or filled to the number of columns and safe to be shown.

    :raises InvalidRequest: there are none.
    """
    shown = tuple(_shown(cells, len(columns)) for cells in islice(rows, PREVIEWED))
    if not shown:
        raise InvalidRequest(NO_ROWS)
    return Sample(tuple(columns), shown)


def _shown(cells: Sequence[str], columns: int) -> tuple[str, ...]:
    texts = [printable(cell.strip()) for cell in cells[:columns]]
    return (*texts, *[''] * (columns - len(texts)))
