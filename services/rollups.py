"""Keeping the rollups exact, in the transaction of every change, whatever the order of arrival.

The neighbourhood of the touched customer days (they themselves and the customer's days next to them) is taken out of
the sums, linked anew, and put back in: a late row splits an interval, a deleted one joins two.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from sqlalchemy import column, insert, select, table, text
from sqlmodel import Session, col

from services.calendar import time_zone
from services.day_index import DayIndex
from services.models import User
from services.rollup_rebuild import Built, rebuild, state_of
from services.rollup_tables import NEVER
from services.scores import BIN, ONE, RiskBands

LAST_BIN = ONE // BIN - 1

TEMPORARY = (
    'CREATE TEMP TABLE IF NOT EXISTS touched (customer_id TEXT, day BIGINT, PRIMARY KEY (customer_id, day))',
    'CREATE TEMP TABLE IF NOT EXISTS bounds (day BIGINT PRIMARY KEY, start BIGINT, until BIGINT)',
    """CREATE TEMP TABLE IF NOT EXISTS around (
        customer_id TEXT, day BIGINT, is_touched INTEGER, is_before INTEGER, is_after INTEGER,
        PRIMARY KEY (customer_id, day))""",
    """CREATE TEMP TABLE IF NOT EXISTS chain (
        customer_id TEXT, day BIGINT, arrival BIGINT, score INTEGER, next_day BIGINT, was_high BOOLEAN,
        is_touched INTEGER, is_before INTEGER, is_after INTEGER)""",
    """CREATE TEMP TABLE IF NOT EXISTS change (
        next_day BIGINT, day BIGINT, customers BIGINT, sum BIGINT, high BIGINT, medium BIGINT, newly_high BIGINT)""",
)

TOUCHED = table('touched', column('customer_id'), column('day'))
BOUNDS = table('bounds', column('day'), column('start'), column('until'))

NEIGHBOUR = """
    INSERT INTO around
    SELECT DISTINCT customer_id, neighbour, 0, {before}, {after}
    FROM (SELECT t.customer_id AS customer_id, (
            SELECT {edge}(c.day) FROM customer_day c
            WHERE c.user_id = :user AND c.customer_id = t.customer_id AND c.day {side} t.day) AS neighbour
          FROM touched t) AS found
    WHERE neighbour IS NOT NULL
    ON CONFLICT (customer_id, day) DO UPDATE SET {mark} = 1
"""

SUMS = """
    INSERT INTO change
    SELECT c.next_day, c.day, {sign} count(*), {sign} sum(c.score),
        {sign} sum(CASE WHEN c.score >= :high THEN 1 ELSE 0 END),
        {sign} sum(CASE WHEN c.score >= :medium AND c.score < :high THEN 1 ELSE 0 END),
        {sign} sum(CASE WHEN c.score >= :high AND NOT c.was_high THEN 1 ELSE 0 END)
    FROM around a JOIN customer_day c ON c.user_id = :user AND c.customer_id = a.customer_id AND c.day = a.day
    GROUP BY c.next_day, c.day
"""

LAST_OF_DAY = """
    INSERT INTO chain
    SELECT customer_id, day, arrival, score, NULL, NULL, 1, is_before, is_after
    FROM (SELECT a.customer_id, a.day, p.arrival, p.score, a.is_before, a.is_after, row_number() OVER (
            PARTITION BY a.customer_id, a.day ORDER BY p.predicted_at DESC, p.arrival DESC) AS place
          FROM around a
          JOIN bounds b ON b.day = a.day
          JOIN prediction p ON p.user_id = :user AND p.customer_id = a.customer_id
            AND p.predicted_at >= b.start AND p.predicted_at < b.until
          WHERE a.is_touched = 1) AS placed
    WHERE place = 1
"""

NEIGHBOURS_AS_THEY_ARE = """
    INSERT INTO chain
    SELECT a.customer_id, a.day, c.arrival, c.score, c.next_day, c.was_high, 0, a.is_before, a.is_after
    FROM around a JOIN customer_day c ON c.user_id = :user AND c.customer_id = a.customer_id AND c.day = a.day
    WHERE a.is_touched = 0
"""

FORGET_TOUCHED = """
    DELETE FROM customer_day WHERE user_id = :user AND EXISTS (
        SELECT 1 FROM touched t WHERE t.customer_id = customer_day.customer_id AND t.day = customer_day.day)
"""

# A neighbour's other side is unchanged, and what the window sees there need not be next to it.
LINK = """
    INSERT INTO customer_day (user_id, customer_id, day, next_day, arrival, score, was_high)
    SELECT :user, customer_id, day,
        CASE WHEN is_touched + is_before > 0 THEN coalesce(following, :never) ELSE next_day END,
        arrival, score,
        CASE WHEN is_touched + is_after > 0 THEN coalesce(previous >= :high, false) ELSE was_high END
    FROM (SELECT chain.*, lead(day) OVER (PARTITION BY customer_id ORDER BY day) AS following,
            lag(score) OVER (PARTITION BY customer_id ORDER BY day) AS previous
          FROM chain) AS linked
    WHERE true
    ON CONFLICT (user_id, customer_id, day)
    DO UPDATE SET next_day = excluded.next_day, was_high = excluded.was_high
"""

APPLY = """
    INSERT INTO rollup_interval (user_id, next_day, day, customers, sum, high, medium, newly_high)
    SELECT :user, next_day, day, sum(customers), sum(sum), sum(high), sum(medium), sum(newly_high)
    FROM change WHERE true GROUP BY next_day, day
    ON CONFLICT (user_id, next_day, day) DO UPDATE SET
        customers = rollup_interval.customers + excluded.customers, sum = rollup_interval.sum + excluded.sum,
        high = rollup_interval.high + excluded.high, medium = rollup_interval.medium + excluded.medium,
        newly_high = rollup_interval.newly_high + excluded.newly_high
"""

ADD_DAY = """
    INSERT INTO rollup_day (user_id, day, count, sum, high, medium)
    VALUES (:user, :day, :count, :sum, :high, :medium)
    ON CONFLICT (user_id, day) DO UPDATE SET count = rollup_day.count + excluded.count,
        sum = rollup_day.sum + excluded.sum, high = rollup_day.high + excluded.high,
        medium = rollup_day.medium + excluded.medium
"""

ADD_BIN = """
    INSERT INTO rollup_bin (user_id, day, bin, count) VALUES (:user, :day, :bin, :count)
    ON CONFLICT (user_id, day, bin) DO UPDATE SET count = rollup_bin.count + excluded.count
"""


class Rollups:
    """Follows the changes of one user's predictions within one transaction, and settles them at the end.

    :param built: whether they are there, and for what is wanted; if not, settling builds them from scratch.
    """

    def __init__(self, session: Session, user_id: int, wanted: Built, *, built: bool) -> None:
        self._session = session
        self._user_id = user_id
        self._built = built
        self._zone, self._bands = wanted.zone, wanted.bands
        self._days = DayIndex(time_zone(self._zone))
        self._touched: set[tuple[str, int]] = set()
        self._bins: dict[tuple[int, int], list[int]] = {}

    @classmethod
    def of(cls, session: Session, user_id: int, *, bands: RiskBands) -> Self:
        """The rollups of a user whose revision row this transaction holds, for the user's zone and these bands."""
        zone = session.execute(select(col(User.time_zone)).where(col(User.id) == user_id)).scalar_one()
        wanted = Built(zone=zone, bands=bands)
        return cls(session, user_id, wanted, built=state_of(session, user_id) == wanted)

    def add(self, customer_id: str, at: int, score: int) -> None:
        """A prediction was inserted."""
        self._note(customer_id, at, score, 1)

    def remove(self, customer_id: str, at: int, score: int) -> None:
        """A prediction was deleted, or had these values before it was corrected."""
        self._note(customer_id, at, score, -1)

    def settle(self) -> None:
        """Bring the rollups up to what the predictions are now."""
        if not self._built:
            rebuild(self._session, self._user_id, zone=self._zone, bands=self._bands)
            return
        self._settle_days()
        self._settle_customers()
        self._touched, self._bins = set(), {}

    def _note(self, customer_id: str, at: int, score: int, sign: int) -> None:
        if not self._built:
            return
        day = self._days.day(at)
        self._touched.add((customer_id, day))
        sums = self._bins.setdefault((day, min(score // BIN, LAST_BIN)), [0, 0])
        sums[0] += sign
        sums[1] += sign * score

    def _settle_days(self) -> None:
        days: dict[int, dict[str, int]] = {}
        for (day, number), (count, total) in self._bins.items():
            sums = days.setdefault(day, {'count': 0, 'sum': 0, 'high': 0, 'medium': 0})
            sums['count'] += count
            sums['sum'] += total
            low_edge = number * BIN
            if low_edge >= self._bands.high:
                sums['high'] += count
            elif low_edge >= self._bands.medium:
                sums['medium'] += count
        self._run(ADD_DAY, [{'day': day, **sums} for day, sums in days.items()])
        self._run(
            ADD_BIN, [{'day': day, 'bin': number, 'count': sums[0]} for (day, number), sums in self._bins.items()]
        )
        for name in ('rollup_day', 'rollup_bin'):
            self._run(f'DELETE FROM {name} WHERE user_id = :user AND count = 0')

    def _settle_customers(self) -> None:
        if not self._touched:
            return
        self._stage()
        self._run('INSERT INTO around SELECT customer_id, day, 1, 0, 0 FROM touched')
        self._run(NEIGHBOUR.format(edge='max', side='<', before=1, after=0, mark='is_before'))
        self._run(NEIGHBOUR.format(edge='min', side='>', before=0, after=1, mark='is_after'))
        self._analyze('around')
        self._run(SUMS.format(sign='-'))
        self._run(LAST_OF_DAY)
        self._run(NEIGHBOURS_AS_THEY_ARE)
        self._run(FORGET_TOUCHED)
        self._run(LINK)
        self._run(SUMS.format(sign='+'))
        self._run(APPLY)
        self._run('DELETE FROM rollup_interval WHERE user_id = :user AND customers = 0')

    def _stage(self) -> None:
        for statement in TEMPORARY:
            self._run(statement)
        for name in ('touched', 'bounds', 'around', 'chain', 'change'):
            self._run(f'DELETE FROM {name}')
        # constructs, not text: these go to PostgreSQL in pages of many rows
        self._session.connection().execute(
            insert(TOUCHED), [{'customer_id': customer, 'day': day} for customer, day in self._touched]
        )
        days = ((day, *self._days.bounds(day)) for day in {day for _, day in self._touched})
        self._session.connection().execute(
            insert(BOUNDS), [{'day': day, 'start': start, 'until': until} for day, start, until in days]
        )
        self._analyze('touched', 'bounds')

    def _analyze(self, *names: str) -> None:
        """What was just filled is unknown to PostgreSQL's planner, which then joins row by row."""
        if self._session.get_bind().dialect.name == 'postgresql':
            for name in names:
                self._run(f'ANALYZE {name}')

    def _run(self, statement: str, rows: Iterable[dict[str, object]] | None = None) -> None:
        fixed = {'user': self._user_id, 'high': self._bands.high, 'medium': self._bands.medium, 'never': NEVER}
        query = text(statement)
        names = set(query.compile().params)
        given = [{}] if rows is None else list(rows)
        parameters = [{**{name: fixed[name] for name in names & fixed.keys() - row.keys()}, **row} for row in given]
        if parameters:
            self._session.connection().execute(query, parameters)
