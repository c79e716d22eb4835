"""Undoing a source: the board is as if it had never come, but that what stays keeps its arrival numbers.

A prediction is what one source after another said of it: the present statement is in ``prediction``, earlier ones are
in ``correction``, each with its source. Undoing a source takes its statements away. Those that another source repeats
are handed to that one; a prediction of which nothing is left goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import column, literal, select, table, text
from sqlalchemy.sql.selectable import FromClause
from sqlmodel import Session, col

from services.customers import CONCERNED, rebuild_concerned
from services.models import Prediction
from services.repetitions import HEIRS, settle_heirs
from services.rollups import Rollups
from services.temporary_tables import TemporaryTable, rows_of

UNDONE = TemporaryTable(
    'undone', 'arrival BIGINT UNIQUE, customer_id TEXT, at BIGINT, score INTEGER, earlier INTEGER, heir BIGINT'
)
"""What the source says at present: the number of the statement before, and who repeats it."""

HEIR = '(SELECT h.heir FROM heirs h WHERE {arrival} BETWEEN h.first AND h.last)'
STATED = 'source_id, customer_id, score, predicted_at, timed, status, customer_name, account_value, reasons'
NOBODY_REPEATS = 'SELECT arrival FROM undone WHERE heir IS NULL AND earlier IS {earlier}'

FIND = f"""
    INSERT INTO undone (arrival, customer_id, at, score, earlier, heir)
    SELECT p.arrival, p.customer_id, p.predicted_at, p.score,
        (SELECT max(c.number) FROM correction c
         WHERE c.user_id = :user AND c.arrival = p.arrival AND c.source_id <> :source),
        {HEIR.format(arrival='p.arrival')}
    FROM prediction p WHERE p.user_id = :user AND p.source_id = :source
"""

CONCERN = 'INSERT INTO concerned (customer_id) SELECT DISTINCT customer_id FROM undone WHERE heir IS NULL'

CONCERN_BROUGHT_BACK = f"""
    INSERT INTO concerned (customer_id)
    SELECT DISTINCT customer_id FROM prediction
    WHERE user_id = :user AND arrival IN ({NOBODY_REPEATS.format(earlier='NOT NULL')})
    ON CONFLICT (customer_id) DO NOTHING
"""

HAND_OVER = """
    UPDATE prediction SET source_id = (SELECT heir FROM undone WHERE undone.arrival = prediction.arrival)
    WHERE user_id = :user AND arrival IN (SELECT arrival FROM undone WHERE heir IS NOT NULL)
"""

HAND_OVER_EARLIER = f"""
    UPDATE correction SET source_id = coalesce({HEIR.format(arrival='correction.arrival')}, source_id)
    WHERE user_id = :user AND source_id = :source
"""

BRING_BACK = f"""
    UPDATE prediction SET ({STATED}) = (
        SELECT {', '.join(f'c.{name}' for name in STATED.split(', '))}
        FROM undone u JOIN correction c ON c.user_id = :user AND c.arrival = u.arrival AND c.number = u.earlier
        WHERE u.arrival = prediction.arrival)
    WHERE user_id = :user AND arrival IN ({NOBODY_REPEATS.format(earlier='NOT NULL')})
"""

FORGET_BROUGHT_BACK = """
    DELETE FROM correction WHERE user_id = :user AND EXISTS (
        SELECT 1 FROM undone u
        WHERE u.heir IS NULL AND u.arrival = correction.arrival AND u.earlier = correction.number)
"""

FORGET_EARLIER = 'DELETE FROM correction WHERE user_id = :user AND source_id = :source'

DELETE = f'DELETE FROM prediction WHERE user_id = :user AND arrival IN ({NOBODY_REPEATS.format(earlier="NULL")})'

DELETE_SOURCE = 'DELETE FROM source WHERE user_id = :user AND id = :source'


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What undoing a source did."""

    deleted: int
    """Predictions that are gone."""
    restored: int
    """Predictions that have their earlier values again."""


def remove_source(session: Session, user_id: int, source_id: int, rollups: Rollups) -> Removed:
    """Take the statements of a source away, and the source; the caller holds the revision row, and settles."""

    def run(statement: str) -> int:
        names = {'user': user_id, 'source': source_id}
        query = text(statement)
        return rows_of(session.execute(query, {name: names[name] for name in query.compile().params}))

    for temporary in (HEIRS, UNDONE, CONCERNED):
        temporary.create(session)
    settle_heirs(session, user_id, source_id)
    rollups.expect(run(FIND))
    UNDONE.analyze(session)
    run(CONCERN)
    rollups.change(_gone())
    run(HAND_OVER_EARLIER)
    run(HAND_OVER)
    restored = run(BRING_BACK)
    rollups.change(_back(user_id))
    run(CONCERN_BROUGHT_BACK)
    run(FORGET_BROUGHT_BACK)
    run(FORGET_EARLIER)
    deleted = run(DELETE)
    run(DELETE_SOURCE)
    rebuild_concerned(session, user_id)
    for temporary in (HEIRS, UNDONE):
        temporary.clear(session)
    return Removed(deleted=deleted, restored=restored)


def _undone() -> FromClause:
    return table('undone', *map(column, ('arrival', 'customer_id', 'at', 'score', 'earlier', 'heir')))


def _gone() -> Any:
    undone = _undone()
    return select(undone.c.customer_id, undone.c.at, undone.c.score, literal(-1)).where(undone.c.heir.is_(None))


def _back(user_id: int) -> Any:
    undone = _undone()
    return (
        select(col(Prediction.customer_id), col(Prediction.predicted_at), col(Prediction.score), literal(1))
        .join(undone, undone.c.arrival == col(Prediction.arrival))
        .where(col(Prediction.user_id) == user_id, undone.c.heir.is_(None), undone.c.earlier.is_not(None))
    )
