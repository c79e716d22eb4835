"""Adding to the sums of a generation: what was counted elsewhere, taken in or out by its sign."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from services.rollup_state import Generation
from services.temporary_tables import TemporaryTable

SUMS = TemporaryTable('sums', 'day BIGINT, bin INTEGER, count BIGINT, sum BIGINT')
"""Predictions by day and bin; a bin of 0.05 never reaches into two bands."""

ADD_DAYS = """
    INSERT INTO rollup_day (user_id, generation, day, count, sum, high, medium)
    SELECT :user, :generation, day, sum(count), sum(sum),
        sum(CASE WHEN bin * 50000 >= :high THEN count ELSE 0 END),
        sum(CASE WHEN bin * 50000 >= :medium AND bin * 50000 < :high THEN count ELSE 0 END)
    FROM sums WHERE true GROUP BY day
    ON CONFLICT (user_id, generation, day) DO UPDATE SET count = rollup_day.count + excluded.count,
        sum = rollup_day.sum + excluded.sum, high = rollup_day.high + excluded.high,
        medium = rollup_day.medium + excluded.medium
"""

ADD_BINS = """
    INSERT INTO rollup_bin (user_id, generation, day, bin, count)
    SELECT :user, :generation, day, bin, sum(count) FROM sums WHERE true GROUP BY day, bin
    ON CONFLICT (user_id, generation, day, bin) DO UPDATE SET count = rollup_bin.count + excluded.count
"""

ADD_INTERVALS = """
    INSERT INTO rollup_interval (user_id, generation, next_day, day, customers, sum, high, medium, newly_high)
    SELECT :user, :generation, next_day, day, customers, sum, high, medium, newly_high
    FROM ({intervals}) AS added WHERE true
    ON CONFLICT (user_id, generation, next_day, day) DO UPDATE SET
        customers = rollup_interval.customers + excluded.customers, sum = rollup_interval.sum + excluded.sum,
        high = rollup_interval.high + excluded.high, medium = rollup_interval.medium + excluded.medium,
        newly_high = rollup_interval.newly_high + excluded.newly_high
"""

FORGET_EMPTY = (
    'DELETE FROM rollup_day WHERE user_id = :user AND generation = :generation AND count = 0',
    'DELETE FROM rollup_bin WHERE user_id = :user AND generation = :generation AND count = 0',
    'DELETE FROM rollup_interval WHERE user_id = :user AND generation = :generation AND customers = 0',
)


def add_sums(session: Session, user_id: int, generation: Generation) -> None:
    """Add what the temporary table ``sums`` holds to a generation's days and bins."""
    bands = generation.built.bands
    key = {'user': user_id, 'generation': generation.number}
    session.execute(text(ADD_DAYS), {**key, 'high': bands.high, 'medium': bands.medium})
    session.execute(text(ADD_BINS), key)


def forget_empty(session: Session, user_id: int, generation: Generation) -> None:
    """Sums of nothing are no rows."""
    for statement in FORGET_EMPTY:
        session.execute(text(statement), {'user': user_id, 'generation': generation.number})
