"""Checked rows on the database's side: a temporary table that set-based statements read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import text
from sqlmodel import Session

from services.prediction_rows import PredictionRow
from services.temporary_tables import TemporaryTable

INCOMING = TemporaryTable(
    'incoming',
    'customer_id TEXT, score INTEGER, predicted_at BIGINT, external_id TEXT, customer_name TEXT, '
    'account_value BIGINT, reasons TEXT, status TEXT',
)
"""In the order of the file; ``status`` is null for completed."""

WORK_MEMORY = '64MB'
"""What PostgreSQL may use for a sort or hash of a long file's rows; its default would go to disk."""

COLUMNS = PredictionRow._fields[1:]
USUAL = {'status': 'completed'}


def stage(
    session: Session, batches: Iterable[Sequence[PredictionRow]], *, told: Callable[[int], None] | None = None
) -> None:
    """Fill the table.

    :param told: called with the number of rows staged so far.
    """
    INCOMING.create(session)
    INCOMING.clear(session)  # what an attempt that failed has left
    counted = _counted(batches, told)
    if session.get_bind().dialect.name == 'sqlite':
        _insert(session, counted)
    else:
        session.execute(text(f"SET LOCAL work_mem = '{WORK_MEMORY}'"))
        _copy(session, counted)
    INCOMING.analyze(session)


def _counted(
    batches: Iterable[Sequence[PredictionRow]], told: Callable[[int], None] | None
) -> Iterator[Sequence[PredictionRow]]:
    rows = 0
    for batch in batches:
        yield batch
        rows += len(batch)
        if told:
            told(rows)


def _insert(session: Session, batches: Iterable[Sequence[PredictionRow]]) -> None:
    """Columns that a batch leaves empty are left out: binding values takes most of the time."""
    cursor = session.connection().connection.cursor()
    for batch in batches:
        columns = dict(zip(COLUMNS, list(zip(*batch, strict=True))[1:], strict=True))
        used = {name: values for name, values in columns.items() if set(values) - {USUAL.get(name)}}
        marks = ', '.join('?' * len(used))
        cursor.executemany(
            f'INSERT INTO incoming ({", ".join(used)}) VALUES ({marks})', list(zip(*used.values(), strict=True))
        )
    cursor.close()


def _copy(session: Session, batches: Iterable[Sequence[PredictionRow]]) -> None:
    cursor = session.connection().connection.cursor()
    cursor.copy_expert(f'COPY incoming ({", ".join(COLUMNS)}) FROM STDIN (FORMAT csv)', _CsvReader(batches))
    cursor.close()


class _CsvReader:
    """What COPY reads from: the rows as CSV, made while it reads. No text of a row is empty, so empty means null."""

    def __init__(self, batches: Iterable[Sequence[PredictionRow]]) -> None:
        self._batches = iter(batches)
        self._text = ''

    def read(self, size: int) -> str:
        while len(self._text) < size and (batch := next(self._batches, None)) is not None:
            buffer = io.StringIO(newline='')
            csv.writer(buffer).writerows(row[1:] for row in batch)
            self._text += buffer.getvalue()
        taken, self._text = self._text[:size], self._text[size:]
        return taken
