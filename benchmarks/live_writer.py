"""The writer of ``bench live``, a process of its own: new predictions for a share of the users, spread over each beat.

It changes what the product changes when one prediction of a new customer comes in, for dozens of users at a time by a
few statements. It reads a line with the job, then one with a share whenever that changes, and answers each with the
number of predictions it has written since the one before.
"""

from __future__ import annotations

import json
import random
import select
import sys
import time
from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlmodel import Session

from benchmarks.live_data import FEED, FILE
from services.calendar import DAY
from services.clock import system_clock, to_micros
from services.database import Database
from services.rollup_tables import NEVER
from services.scores import RiskBands
from services.temporary_tables import TemporaryTable

TICK = 0.05
MOST = 200
"""Users in one transaction; who falls behind takes more at a time than the usual few."""

FRESH = TemporaryTable(
    'fresh',
    'user_id BIGINT, arrival BIGINT, source_id BIGINT, generation BIGINT, customer_id TEXT, score BIGINT, high BIGINT, '
    'medium BIGINT',
)

NUMBER = text(
    'UPDATE user_revision SET revision = revision + 1, arrivals = arrivals + 1 WHERE user_id IN :users'
).bindparams(bindparam('users', expanding=True))

# The square of a number between 0 and 1, as the history's levels; customers are told apart by their arrival numbers.
MAKE = text(
    """
    INSERT INTO fresh (user_id, arrival, source_id, generation, customer_id, score, high, medium)
    SELECT user_id, arrivals, source_id, rollup_generation,
        substr(CAST(10000000 + arrivals AS TEXT), 5, 4) || '-' ||
            substr(CAST(10000000 + arrivals AS TEXT), 2, 3) || 'LV',
        score, CASE WHEN score >= :high THEN 1 ELSE 0 END,
        CASE WHEN score >= :medium AND score < :high THEN 1 ELSE 0 END
    FROM (SELECT r.user_id, r.arrivals, s.id AS source_id, r.rollup_generation,
            (r.user_id * 7919 + r.arrivals * 104729) % 1000 * ((r.user_id * 7919 + r.arrivals * 104729) % 1000) AS score
          FROM user_revision r JOIN source s ON s.user_id = r.user_id AND s.kind = :kind AND s.name = :name
          WHERE r.user_id IN :users) AS made
    """
).bindparams(bindparam('users', expanding=True))

TAKE = (
    """
    INSERT INTO prediction (user_id, arrival, source_id, customer_id, score, predicted_at, timed, committed_at, status)
    SELECT user_id, arrival, source_id, customer_id, score, :now, true, :now, 'completed' FROM fresh
    """,
    """
    UPDATE source SET accepted = accepted + 1 WHERE (user_id, id) IN (SELECT user_id, source_id FROM fresh)
    """,
    """
    INSERT INTO customer (user_id, customer_id, folded_id) SELECT user_id, customer_id, lower(customer_id) FROM fresh
    """,
    """
    INSERT INTO customer_day (user_id, generation, customer_id, day, next_day, arrival, score, was_high)
    SELECT user_id, generation, customer_id, :day, :never, arrival, score, false FROM fresh
    """,
    """
    INSERT INTO rollup_day (user_id, generation, day, count, sum, high, medium)
    SELECT user_id, generation, :day, 1, score, high, medium FROM fresh WHERE true
    ON CONFLICT (user_id, generation, day) DO UPDATE SET count = rollup_day.count + 1,
        sum = rollup_day.sum + excluded.sum, high = rollup_day.high + excluded.high,
        medium = rollup_day.medium + excluded.medium
    """,
    """
    INSERT INTO rollup_bin (user_id, generation, day, bin, count)
    SELECT user_id, generation, :day, score / 50000, 1 FROM fresh WHERE true
    ON CONFLICT (user_id, generation, day, bin) DO UPDATE SET count = rollup_bin.count + 1
    """,
    """
    INSERT INTO rollup_interval (user_id, generation, next_day, day, customers, sum, high, medium, newly_high)
    SELECT user_id, generation, :never, :day, 1, score, high, medium, high FROM fresh WHERE true
    ON CONFLICT (user_id, generation, next_day, day) DO UPDATE SET customers = rollup_interval.customers + 1,
        sum = rollup_interval.sum + excluded.sum, high = rollup_interval.high + excluded.high,
        medium = rollup_interval.medium + excluded.medium,
        newly_high = rollup_interval.newly_high + excluded.newly_high
    """,
    'DELETE FROM fresh',
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Where to write, for whom, and how long a beat is."""

    url: str
    users: list[int]
    beat: float


def write(session: Session, users: list[int]) -> None:
    """One new prediction of a new customer for each of these users, whose days are those of UTC."""
    FRESH.create(session)
    now, bands = to_micros(system_clock()), RiskBands()
    session.execute(NUMBER, {'users': users})
    session.execute(
        MAKE, {'users': users, 'high': bands.high, 'medium': bands.medium, 'kind': FEED['kind'], 'name': FILE}
    )
    fixed = {'now': now, 'day': now // DAY, 'never': NEVER}
    for statement in TAKE:
        query = text(statement)
        session.execute(query, {name: fixed[name] for name in query.compile().params})


class Writer:
    """Keeps to a share of the users a beat, going round among them in one random order."""

    def __init__(self, job: Job) -> None:
        self._database = Database.open(job.url)
        self._users = random.Random(7).sample(job.users, len(job.users))
        self._beat = job.beat
        self._place = 0

    def keep_to(self, share: float) -> int:
        """Write until another line comes; gives the number of predictions written."""
        began, written = time.monotonic(), 0
        while not select.select([sys.stdin], [], [], TICK)[0]:
            due = int((time.monotonic() - began) / self._beat * share * len(self._users)) - written
            if due > 0:
                written += self._write(min(due, MOST, len(self._users)))
        return written

    def _write(self, count: int) -> int:
        chosen = (self._users * 2)[self._place : self._place + count]
        self._place = (self._place + count) % len(self._users)
        with self._database.writing() as session:
            write(session, sorted(chosen))
        return count


def main() -> None:
    """Until standard input ends."""
    writer, written = Writer(Job(**json.loads(sys.stdin.readline()))), 0
    while line := sys.stdin.readline():
        sys.stdout.write(f'{written}\n')
        sys.stdout.flush()
        written = writer.keep_to(float(line))


if __name__ == '__main__':
    main()
