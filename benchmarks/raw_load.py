"""The raw speed of a database: rows into the predictions' table by the driver, with nothing that makes them right."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from sqlmodel import Session

from services.database import Database
from services.models import Source, SourceKind
from services.prediction_rows import PredictionRow

BATCH = 5_000
COLUMNS = (
    'user_id, arrival, source_id, customer_id, score, predicted_at, timed, committed_at, external_id, status, '
    'customer_name, account_value, reasons'
)


def raw_load(database: Database, user_id: int, rows: Iterable[PredictionRow]) -> None:
    """One transaction; SQLite's executemany, PostgreSQL's COPY."""
    with database.writing() as session:
        session.add(Source(user_id=user_id, id=1, kind=SourceKind.FILE, name='raw.csv', created_at=0))
        session.flush()
        load = _executemany if database.is_sqlite else _copy
        load(session, _batches(user_id, rows))


def _batches(user_id: int, rows: Iterable[PredictionRow]) -> Iterator[list[tuple[object, ...]]]:
    numbered = enumerate(rows, start=1)
    while batch := [_values(user_id, arrival, row) for arrival, row in islice(numbered, BATCH)]:
        yield batch


def _values(user_id: int, arrival: int, row: PredictionRow) -> tuple[object, ...]:
    return (
        user_id,
        arrival,
        1,
        row.customer_id,
        row.score,
        row.predicted_at,
        True,
        0,
        row.external_id,
        row.status,
        row.customer_name,
        row.account_value,
        row.reasons,
    )


def _executemany(session: Session, batches: Iterable[list[tuple[object, ...]]]) -> None:
    cursor = session.connection().connection.cursor()
    marks = ', '.join('?' * len(COLUMNS.split(', ')))
    for batch in batches:
        cursor.executemany(f'INSERT INTO prediction ({COLUMNS}) VALUES ({marks})', batch)


def _copy(session: Session, batches: Iterable[list[tuple[object, ...]]]) -> None:
    cursor = session.connection().connection.cursor()
    for batch in batches:
        buffer = io.StringIO(newline='')
        csv.writer(buffer).writerows(batch)
        buffer.seek(0)
        cursor.copy_expert(f'COPY prediction ({COLUMNS}) FROM STDIN (FORMAT csv)', buffer)
