"""What the page shows beside the payload: score distribution, risk over time, customers at risk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import accumulate

from sqlalchemy import case, func, literal, or_, select
from sqlmodel import Session, col

from services.at_risk import AT_RISK, customers_by_arrival
from services.calendar import day_expression, day_from_number, day_number, day_of
from services.clock import from_micros
from services.models import Prediction
from services.schemas import Charts, RiskDay, RiskLevel, ScoreBin
from services.score_change import earlier_by_predictions
from services.scores import BIN, ONE, RiskBands, from_millionths
from services.selection import Selection, is_latest
from services.snoozed_customers import asleep_in, snoozed_customers

MAX_DAYS = 90
BINS = ONE // BIN


def charts(session: Session, selection: Selection) -> Charts:
    """All of it for one query."""
    rows = selection.chained()
    latest = select(rows.c.arrival).where(is_latest(rows))
    left_out = asleep_in(session, selection)
    listed = latest if left_out is None else latest.where(rows.c.customer_id.not_in(left_out))
    snoozed = None if left_out is None else latest.where(rows.c.customer_id.in_(left_out))
    earlier = earlier_by_predictions(selection)
    highest = listed.order_by(rows.c.score.desc(), rows.c.arrival.desc()).limit(AT_RISK)
    return Charts(
        at_risk=customers_by_arrival(session, selection, highest, earlier),
        customers=session.execute(select(func.count()).select_from(latest.subquery())).scalar_one(),
        histogram=_histogram(session, selection),
        risk_over_time=_risk_over_time(session, selection),
        **snoozed_customers(session, selection, snoozed, earlier),
    )


def _histogram(session: Session, selection: Selection) -> tuple[ScoreBin, ...]:
    number = case((col(Prediction.score) == ONE, BINS - 1), else_=col(Prediction.score) // literal(BIN))
    found = session.execute(select(number, func.count()).where(*selection.conditions()).group_by(number))
    return score_bins({int(row[0]): row[1] for row in found}, selection.bands)


def score_bins(counts: Mapping[int, int], bands: RiskBands) -> tuple[ScoreBin, ...]:
    """All bins, from the counts of those that hold anything."""
    return tuple(
        ScoreBin(
            lower=from_millionths(index * BIN),
            upper=from_millionths((index + 1) * BIN),
            count=counts.get(index, 0),
            risk_level=bands.level(index * BIN),
        )
        for index in range(BINS)
    )


def _risk_over_time(session: Session, selection: Selection) -> tuple[RiskDay, ...]:
    """As-of counts: a customer's last prediction of a day holds from that day to the day of the next one."""
    rows = selection.chained()
    first, last = session.execute(select(func.min(rows.c.at), func.max(rows.c.at))).one()
    if first is None:
        return ()
    span = {'first': first, 'last': last}
    day = day_expression(rows.c.at, selection.zone, **span)
    next_day = day_expression(rows.c.next_at, selection.zone, **span)
    high, medium = selection.bands.high, selection.bands.medium
    band = case((rows.c.score >= high, 'high'), (rows.c.score >= medium, 'medium'), else_='low')
    ends_its_day = or_(rows.c.next_at.is_(None), next_day > day)
    columns = (day.label('day'), next_day.label('next_day'), band.label('band'))
    stretches = select(*columns, rows.c.score).where(ends_its_day).subquery()
    keys = (stretches.c.day, stretches.c.next_day, stretches.c.band)
    changes: dict[str, Counter[int]] = {level: Counter() for level in RiskLevel}
    for start, end, level, count in session.execute(select(*keys, func.count()).group_by(*keys)):
        changes[level][int(start)] += count
        if end is not None:
            changes[level][int(end)] -= count
    return risk_days(changes, day_number(day_of(from_micros(first), selection.zone)), selection.anchor)


def risk_days(changes: Mapping[str, Counter[int]], first: int, anchor: date) -> tuple[RiskDay, ...]:
    """The days to show, from how many customers enter and leave each band on which day.

    :param first: the number of the first day with data.
    """
    numbers = range(first, day_number(anchor) + 1)
    counts = {level: list(accumulate(changes[level][number] for number in numbers)) for level in RiskLevel}
    days = [day_from_number(number) for number in numbers]
    return tuple(
        RiskDay(day=day, high=high, medium=medium, low=low)
        for day, high, medium, low in zip(
            days, counts[RiskLevel.HIGH], counts[RiskLevel.MEDIUM], counts[RiskLevel.LOW], strict=True
        )
        if day > anchor - timedelta(days=MAX_DAYS)
    )
