"""What the alert rules look at, over all of a user's data."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlmodel import Session

from services.aggregates import aggregate
from services.alert_rules import AlertFacts
from services.calendar import DAY, day_expression, day_number
from services.clock import from_micros
from services.planner import rollups_answer
from services.recent import newest_prediction
from services.rollup_reads import NEWLY_HIGH_DAYS, rollup_sums
from services.selection import Selection, is_latest


def alert_facts(session: Session, selection: Selection, now: datetime) -> AlertFacts:
    """Over all of the user's data: the selection's query must be empty."""
    newest = newest_prediction(session, selection.user_id)
    if rollups_answer(session, selection):
        found = rollup_sums(session, selection)
        sums, high, newly_high = found.aggregates, found.high_risk.now, found.high_risk.became
    else:
        sums = aggregate(session, selection)
        high, newly_high = _high(session, selection), _newly_high(session, selection)
    return AlertFacts(
        now=now,
        today=selection.today,
        customers=sums.customers.count,
        customers_high=high,
        week=sums.week,
        week_before=sums.week_before,
        newly_high=newly_high,
        newest=None if newest is None else from_micros(newest),
    )


def _high(session: Session, selection: Selection) -> int:
    rows = selection.chained()
    high = select(func.count()).where(is_latest(rows), rows.c.score >= selection.bands.high)
    return int(session.execute(high).scalar_one())


def _newly_high(session: Session, selection: Selection) -> tuple[int, ...]:
    """Today and the 7 days before it, newest first."""
    rows = selection.chained()
    first = selection.start_of(selection.today - timedelta(days=7))
    # also the day of the row before the first that counts must be exact: that of older ones only has to be earlier
    span = {'first': first - 2 * DAY, 'last': selection.end_of(selection.today)}
    day = day_expression(rows.c.at, selection.zone, **span)
    next_day = day_expression(rows.c.next_at, selection.zone, **span)
    high = selection.bands.high
    # only what holds at the end of a day counts; the row before it tells how the customer stood until then
    ends = (
        select(
            rows.c.at,
            day.label('day'),
            rows.c.score,
            func.lag(rows.c.score)
            .over(partition_by=rows.c.customer_id, order_by=(rows.c.at, rows.c.arrival))
            .label('before'),
        )
        .where(or_(rows.c.next_at.is_(None), next_day > day))
        .subquery()
    )
    found = session.execute(
        select(ends.c.day, func.count())
        .where(ends.c.at >= first, ends.c.score >= high, or_(ends.c.before.is_(None), ends.c.before < high))
        .group_by(ends.c.day)
    )
    counts: dict[int, int] = {int(row[0]): row[1] for row in found}
    return tuple(counts.get(day_number(selection.today) - back, 0) for back in range(NEWLY_HIGH_DAYS))
