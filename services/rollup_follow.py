"""Bringing one generation of rollups up to what the predictions are now, after some of them came, went or changed.

The neighbourhood of the touched customer days (they themselves and the customer's days next to them) is taken out of
the sums, linked anew, and put back in: a late row splits an interval, a deleted one joins two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, Text, column, func, insert, literal, select, table, text
from sqlmodel import Session

from services.calendar import day_expression, time_zone
from services.day_index import DayIndex
from services.rollup_state import Generation
from services.rollup_sums import ADD_INTERVALS, SUMS, add_sums, forget_empty
from services.rollup_tables import NEVER
from services.temporary_tables import TemporaryTable

CHANGED = TemporaryTable('changed', 'customer_id TEXT, at BIGINT, score INTEGER, sign INTEGER')
"""Predictions that came (sign 1) or went (-1); one that was corrected went and came."""
DATED = TemporaryTable('dated', 'customer_id TEXT, day BIGINT, score INTEGER, sign INTEGER')
TOUCHED = TemporaryTable('touched', 'customer_id TEXT, day BIGINT, UNIQUE (customer_id, day)')
BOUNDS = TemporaryTable('bounds', 'day BIGINT UNIQUE, start BIGINT, until BIGINT')
AROUND = TemporaryTable(
    'around',
    'customer_id TEXT, day BIGINT, is_touched INTEGER, is_before INTEGER, is_after INTEGER, UNIQUE (customer_id, day)',
)
CHAIN = TemporaryTable(
    'chain',
    'customer_id TEXT, day BIGINT, arrival BIGINT, score INTEGER, next_day BIGINT, was_high BOOLEAN, '
    'is_touched INTEGER, is_before INTEGER, is_after INTEGER',
)
CHANGE = TemporaryTable(
    'change',
    'next_day BIGINT, day BIGINT, customers BIGINT, sum BIGINT, high BIGINT, medium BIGINT, newly_high BIGINT',
)
TABLES = (DATED, TOUCHED, BOUNDS, AROUND, CHAIN, CHANGE, SUMS)

SUM_DAYS = """
    INSERT INTO sums (day, bin, count, sum)
    SELECT day, CASE WHEN score = 1000000 THEN 19 ELSE score / 50000 END, sum(sign), sum(sign * score)
    FROM dated GROUP BY 1, 2
"""

# CROSS JOIN keeps SQLite's planner to this order: it takes a temporary table for a large one, and goes through
# everything else instead.

NEIGHBOUR = """
    INSERT INTO around (customer_id, day, is_touched, is_before, is_after)
    SELECT DISTINCT customer_id, neighbour, 0, {before}, {after}
    FROM (SELECT t.customer_id AS customer_id, (
            SELECT {edge}(c.day) FROM customer_day c
            WHERE c.user_id = :user AND c.generation = :generation AND c.customer_id = t.customer_id
              AND c.day {side} t.day) AS neighbour
          FROM touched t) AS found
    WHERE neighbour IS NOT NULL
    ON CONFLICT (customer_id, day) DO UPDATE SET {mark} = 1
"""

SUMS_AROUND = """
    INSERT INTO change (next_day, day, customers, sum, high, medium, newly_high)
    SELECT c.next_day, c.day, {sign} count(*), {sign} sum(c.score),
        {sign} sum(CASE WHEN c.score >= :high THEN 1 ELSE 0 END),
        {sign} sum(CASE WHEN c.score >= :medium AND c.score < :high THEN 1 ELSE 0 END),
        {sign} sum(CASE WHEN c.score >= :high AND NOT c.was_high THEN 1 ELSE 0 END)
    FROM around a CROSS JOIN customer_day c
    WHERE c.user_id = :user AND c.generation = :generation AND c.customer_id = a.customer_id AND c.day = a.day
    GROUP BY c.next_day, c.day
"""

LAST_OF_DAY = """
    INSERT INTO chain (customer_id, day, arrival, score, next_day, was_high, is_touched, is_before, is_after)
    SELECT customer_id, day, arrival, score, NULL, NULL, 1, is_before, is_after
    FROM (SELECT a.customer_id, a.day, p.arrival, p.score, a.is_before, a.is_after, row_number() OVER (
            PARTITION BY a.customer_id, a.day ORDER BY p.predicted_at DESC, p.arrival DESC) AS place
          FROM around a CROSS JOIN bounds b CROSS JOIN prediction p
          WHERE a.is_touched = 1 AND b.day = a.day AND p.user_id = :user AND p.customer_id = a.customer_id
            AND p.predicted_at >= b.start AND p.predicted_at < b.until) AS placed
    WHERE place = 1
"""

NEIGHBOURS_AS_THEY_ARE = """
    INSERT INTO chain (customer_id, day, arrival, score, next_day, was_high, is_touched, is_before, is_after)
    SELECT a.customer_id, a.day, c.arrival, c.score, c.next_day, c.was_high, 0, a.is_before, a.is_after
    FROM around a CROSS JOIN customer_day c
    WHERE c.user_id = :user AND c.generation = :generation AND c.customer_id = a.customer_id AND c.day = a.day
      AND a.is_touched = 0
"""

FORGET_TOUCHED = """
    DELETE FROM customer_day
    WHERE user_id = :user AND generation = :generation AND (customer_id, day) IN (SELECT customer_id, day FROM touched)
"""

# A neighbour's other side is unchanged, and what the window sees there need not be next to it.
LINK = """
    INSERT INTO customer_day (user_id, generation, customer_id, day, next_day, arrival, score, was_high)
    SELECT :user, :generation, customer_id, day,
        CASE WHEN is_touched + is_before > 0 THEN coalesce(following, :never) ELSE next_day END,
        arrival, score,
        CASE WHEN is_touched + is_after > 0 THEN coalesce(previous >= :high, false) ELSE was_high END
    FROM (SELECT chain.*, lead(day) OVER (PARTITION BY customer_id ORDER BY day) AS following,
            lag(score) OVER (PARTITION BY customer_id ORDER BY day) AS previous
          FROM chain) AS linked
    WHERE true
    ON CONFLICT (user_id, generation, customer_id, day)
    DO UPDATE SET next_day = excluded.next_day, was_high = excluded.was_high
"""

ALL_CHANGES = """
    SELECT next_day, day, sum(customers) AS customers, sum(sum) AS sum, sum(high) AS high, sum(medium) AS medium,
        sum(newly_high) AS newly_high
    FROM change GROUP BY next_day, day
"""


def follow(session: Session, user_id: int, generation: Generation) -> None:
    """Settle what the temporary table ``changed`` holds, as far as it concerns customers this generation has."""
    for temporary in TABLES:
        temporary.create(session)
    zone = generation.built.zone
    if _date(session, zone, upto=generation.upto):
        _Step(session, user_id, generation).settle(DayIndex(time_zone(zone)))
    for temporary in TABLES:
        temporary.clear(session)


def _date(session: Session, zone: str, *, upto: str | None) -> bool:
    """Say of each change which day it belongs to in a zone; False: none concerns a customer up to ``upto``."""
    at, customer = column('at', BigInteger), column('customer_id', Text)
    changed = table('changed', customer, at, column('score'), column('sign'))
    mine = literal(True) if upto is None else customer <= upto
    first, last = session.execute(select(func.min(at), func.max(at)).select_from(changed).where(mine)).one()
    if first is None:
        return False
    day = day_expression(at, time_zone(zone), first=first, last=last)
    names = ('customer_id', 'day', 'score', 'sign')
    rows: Select[*tuple[Any, ...]] = (
        select(customer, day, column('score'), column('sign')).select_from(changed).where(mine)
    )
    session.execute(insert(table('dated', *map(column, names))).from_select(names, rows))
    return True


class _Step:
    """The statements of one settlement, with what they all need."""

    def __init__(self, session: Session, user_id: int, generation: Generation) -> None:
        self._session = session
        self._user_id = user_id
        self._generation = generation
        bands = generation.built.bands
        self._fixed = {
            'user': user_id,
            'generation': generation.number,
            'high': bands.high,
            'medium': bands.medium,
            'never': NEVER,
        }

    def settle(self, days: DayIndex) -> None:
        self._run(SUM_DAYS)
        add_sums(self._session, self._user_id, self._generation)
        self._stage(days)
        self._run(
            'INSERT INTO around (customer_id, day, is_touched, is_before, is_after) '
            'SELECT customer_id, day, 1, 0, 0 FROM touched'
        )
        self._run(NEIGHBOUR.format(edge='max', side='<', before=1, after=0, mark='is_before'))
        self._run(NEIGHBOUR.format(edge='min', side='>', before=0, after=1, mark='is_after'))
        AROUND.analyze(self._session)
        self._run(SUMS_AROUND.format(sign='-'))
        self._run(LAST_OF_DAY)
        self._run(NEIGHBOURS_AS_THEY_ARE)
        self._run(FORGET_TOUCHED)
        self._run(LINK)
        self._run(SUMS_AROUND.format(sign='+'))
        self._run(ADD_INTERVALS.format(intervals=ALL_CHANGES))
        forget_empty(self._session, self._user_id, self._generation)

    def _stage(self, days: DayIndex) -> None:
        self._run('INSERT INTO touched (customer_id, day) SELECT DISTINCT customer_id, day FROM dated')
        numbers = self._session.execute(text('SELECT DISTINCT day FROM touched')).scalars().all()
        bounds = insert(table('bounds', *map(column, ('day', 'start', 'until'))))
        rows = ((day, *days.bounds(day)) for day in numbers)
        self._session.connection().execute(
            bounds, [{'day': day, 'start': start, 'until': until} for day, start, until in rows]
        )
        TOUCHED.analyze(self._session)
        BOUNDS.analyze(self._session)

    def _run(self, statement: str) -> None:
        query = text(statement)
        names: dict[str, Any] = query.compile().params
        self._session.execute(query, {name: self._fixed[name] for name in names})
