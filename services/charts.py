"""What the page shows beside the payload: score distribution, risk over time, customers at risk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, case, func, literal, or_, select
from sqlmodel import Session, col

from services.calendar import day_expression, day_from_number, day_number, day_of
from services.clock import from_micros, micros_rfc3339
from services.models import Prediction
from services.recent import prediction_rows, split_reasons
from services.schemas import AtRiskCustomer, Charts, RiskDay, RiskLevel, ScoreBin
from services.scores import BIN, ONE, RiskBands, from_millionths
from services.selection import Selection, is_latest

AT_RISK = 20
MAX_DAYS = 90
BINS = ONE // BIN


class ScoredCustomer(NamedTuple):
    """A customer's latest prediction, as far as it is shown."""

    user_id: int
    arrival: int
    customer_id: str
    customer_name: str | None
    score: int
    predicted_at: int
    account_value: int | None
    reasons: str | None


def charts(session: Session, selection: Selection) -> Charts:
    """All of it for one query."""
    at_risk, customers = _at_risk(session, selection)
    return Charts(
        at_risk=at_risk,
        customers=customers,
        histogram=_histogram(session, selection),
        risk_over_time=_risk_over_time(session, selection),
    )


def _at_risk(session: Session, selection: Selection) -> tuple[tuple[AtRiskCustomer, ...], int]:
    rows = selection.chained()
    customers = session.execute(select(func.count()).select_from(rows).where(is_latest(rows))).scalar_one()
    highest = (
        select(rows.c.arrival)
        .where(is_latest(rows))
        .order_by(rows.c.score.desc(), rows.c.arrival.desc())
        .limit(AT_RISK)
    )
    return customers_by_arrival(session, selection, highest), customers


def customers_by_arrival(
    session: Session, selection: Selection, arrivals: Select[*tuple[Any, ...]]
) -> tuple[AtRiskCustomer, ...]:
    """The customers of these predictions, highest score first; among equals the later arrival."""
    found = session.execute(
        prediction_rows()
        .where(col(Prediction.user_id) == selection.user_id, col(Prediction.arrival).in_(arrivals))
        # the sum keeps SQLite from going through everybody in the order of an index
        .order_by((col(Prediction.score) + 0).desc(), col(Prediction.arrival).desc())
    )
    return tuple(at_risk_customer(row, selection.bands) for row in found)


def at_risk_customer(row: ScoredCustomer | Row[Any], bands: RiskBands) -> AtRiskCustomer:
    """:param row: of :func:`services.recent.prediction_rows`, where there is no tuple."""
    return AtRiskCustomer(
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        churn_score=from_millionths(row.score),
        risk_level=bands.level(row.score),
        timestamp=micros_rfc3339(row.predicted_at),
        account_value=None if row.account_value is None else row.account_value / 1_000_000,
        reasons=split_reasons(row.reasons),
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
