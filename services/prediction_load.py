"""Loading the rows of a file that only adds: a few set-based statements, whatever the number of rows.

A file that corrects earlier rows, or itself, is for :mod:`services.prediction_merge`, which goes row by row.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, column, func, literal, select, table, text
from sqlmodel import Session

from services.customers import note_staged
from services.models import Source, SourceKind
from services.rollups import Rollups
from services.statistics import analyze, is_long
from services.temporary_tables import TemporaryTable, rows_of

REPEATED = TemporaryTable('repeated', 'incoming BIGINT, arrival BIGINT, source_id BIGINT')
"""Rows that are there already."""

KNOWN_EXTERNAL = """
    SELECT 1 FROM incoming i JOIN prediction p ON p.user_id = :user AND p.external_id = i.external_id
    WHERE i.external_id IS NOT NULL LIMIT 1
"""

REPEATED_EXTERNAL = """
    SELECT 1 FROM incoming WHERE external_id IS NOT NULL GROUP BY external_id HAVING count(*) > 1 LIMIT 1
"""

EQUAL_ROWS = """
    SELECT 1 FROM incoming WHERE predicted_at IS NOT NULL
    GROUP BY customer_id, predicted_at, score HAVING count(*) > 1 LIMIT 1
"""

DROP_EQUAL_ROWS = """
    DELETE FROM incoming WHERE ord IN (
        SELECT ord FROM (
            SELECT ord, row_number() OVER (PARTITION BY customer_id, predicted_at, score ORDER BY ord) AS place
            FROM incoming WHERE predicted_at IS NOT NULL) AS placed
        WHERE place > 1)
"""

OURS = """
    SELECT id FROM source WHERE user_id = :user AND kind = :kind AND name = :name
"""

FIND_REPEATED = f"""
    INSERT INTO repeated (incoming, arrival, source_id)
    SELECT i.ord, min(p.arrival), min(p.source_id)
    FROM incoming i JOIN prediction p ON p.user_id = :user AND p.customer_id = i.customer_id
        AND p.predicted_at = i.predicted_at AND p.score = i.score AND p.timed AND p.source_id IN ({OURS})
    GROUP BY i.ord
"""

ANY_OF_OURS = f'SELECT 1 FROM prediction p WHERE p.user_id = :user AND p.source_id IN ({OURS}) LIMIT 1'

# Stretches of neighbouring arrivals: within one, arrival minus position stays the same.
NOTE_REPEATED = """
    INSERT INTO repetition (user_id, source_id, first, last, of_source)
    SELECT :user, :source, min(arrival), max(arrival), source_id
    FROM (SELECT arrival, source_id, arrival - row_number() OVER (PARTITION BY source_id ORDER BY arrival) AS stretch
          FROM (SELECT DISTINCT arrival, source_id FROM repeated WHERE source_id <> :source) AS single) AS placed
    GROUP BY source_id, stretch
"""

INSERT = """
    INSERT INTO prediction (user_id, arrival, source_id, customer_id, score, predicted_at, timed, committed_at,
        external_id, status, customer_name, account_value, reasons)
    SELECT :user, :arrivals + row_number() OVER (ORDER BY ord), :source, customer_id, score,
        coalesce(predicted_at, :now), predicted_at IS NOT NULL, :now, external_id, coalesce(status, 'completed'),
        customer_name, account_value, reasons
    FROM incoming WHERE ord > :after AND ord <= :upto ORDER BY ord
"""

ALL = {'after': 0, 'upto': 1 << 62}


def only_adds(session: Session, user_id: int) -> bool:
    """Whether no staged row corrects another one."""
    if session.execute(text('SELECT 1 FROM incoming WHERE external_id IS NOT NULL LIMIT 1')).first() is None:
        return True
    return not (
        session.execute(text(REPEATED_EXTERNAL)).first()
        or session.execute(text(KNOWN_EXTERNAL), {'user': user_id}).first()
    )


def drop_repeated(session: Session, source: Source) -> None:
    """Take out of the staged rows what is there already; writes to temporary tables only.

    A row without a time is never a duplicate; of equal ones the first counts.
    """
    if session.execute(text(EQUAL_ROWS)).first():
        session.execute(text(DROP_EQUAL_ROWS))
    REPEATED.create(session)
    REPEATED.clear(session)
    ours = {'user': source.user_id, 'kind': SourceKind(source.kind).value, 'name': source.name}
    if session.execute(text(ANY_OF_OURS), ours).first():
        session.execute(text(FIND_REPEATED), ours)
        session.execute(text('DELETE FROM incoming WHERE ord IN (SELECT incoming FROM repeated)'))


def note_repeated(session: Session, source: Source) -> None:
    """Write down what the source has, too."""
    session.execute(text(NOTE_REPEATED), {'user': source.user_id, 'source': source.id})
    REPEATED.clear(session)


def insert_staged(session: Session, source: Source, *, arrivals: int, now: int, part: Mapping[str, int] = ALL) -> int:
    """Write the staged rows, or those with numbers in (after, upto].

    :param arrivals: the last arrival number before theirs.
    :param now: the time of rows that state none, in microseconds.
    :returns: how many there were.
    """
    values = {'user': source.user_id, 'source': source.id, 'arrivals': arrivals, 'now': now, **part}
    return rows_of(session.execute(text(INSERT), values))


class Load:
    """One source's staged rows on their way in, within one transaction that holds the user's revision row."""

    def __init__(self, session: Session, source: Source, rollups: Rollups, *, arrivals: int, now: int) -> None:
        self.accepted = self.corrected = self.duplicates = 0
        self.arrivals = arrivals
        self._session = session
        self._source = source
        self._rollups = rollups
        self._now = now

    def take(self, rows: int) -> None:
        """Take the staged rows in.

        :param rows: how many there are.
        """
        self._rollups.expect(rows)
        drop_repeated(self._session, self._source)
        note_repeated(self._session, self._source)
        self.accepted = insert_staged(self._session, self._source, arrivals=self.arrivals, now=self._now)
        self.duplicates = rows - self.accepted
        self.arrivals += self.accepted
        if is_long(rows, self.arrivals):
            analyze(self._session, 'prediction')
        at: ColumnElement[int] = func.coalesce(column('predicted_at'), self._now)
        staged = table('incoming', *map(column, ('customer_id', 'predicted_at', 'score')))
        self._rollups.change(select(column('customer_id'), at, column('score'), literal(1)).select_from(staged))
        note_staged(self._session, self._source.user_id, self._now)
