"""What the page shows beside the payload, from the rollups."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select, union_all
from sqlmodel import Session, col

from services.charts import AT_RISK, MAX_DAYS, customers_by_arrival, risk_days, score_bins
from services.rollup_reads import Span, day, latest, next_day
from services.rollup_state import current
from services.rollup_tables import NEVER, NEWEST, CustomerDay, RollupBin, RollupDay, RollupInterval
from services.schemas import Charts, RiskDay, RiskLevel
from services.selection import Selection


def rollup_charts(session: Session, selection: Selection) -> Charts:
    """The same as :func:`services.charts.charts`, for a query without filters."""
    span = Span.of(selection)
    mine = current(RollupInterval, selection.user_id)
    customers = select(func.sum(col(RollupInterval.customers))).where(mine, latest(span, span.first, span.last))
    bins = (
        select(col(RollupBin.bin), func.sum(col(RollupBin.count)))
        .where(current(RollupBin, selection.user_id), span.within(col(RollupBin.day), span.first, span.last))
        .group_by(col(RollupBin.bin))
    )
    return Charts(
        at_risk=customers_by_arrival(session, selection, _highest(session, selection, span)),
        customers=int(session.execute(customers).scalar() or 0),
        histogram=score_bins({row[0]: int(row[1]) for row in session.execute(bins)}, selection.bands),
        risk_over_time=_risk_over_time(session, selection, span),
    )


def _highest(session: Session, selection: Selection, span: Span) -> Select[*tuple[Any, ...]]:
    """The arrivals of the highest latest scores.

    That of customers who have no later day is the common case, and an index gives them in order. Others there are only
    where the query ends before the data does.
    """
    score, arrival = col(CustomerDay.score), col(CustomerDay.arrival)
    days = (current(CustomerDay, selection.user_id), span.within(col(CustomerDay.day), span.first, span.last))
    newest: ColumnElement[bool] = literal_column(NEWEST)  # in the index's own words: with a bound value it is not used
    conditions = [newest]
    if _ends_before_the_data(session, selection, span):
        conditions.append(col(CustomerDay.next_day).between(span.last + 1, NEVER - 1))
    parts = [
        select(score, arrival).where(*days, condition).order_by(score.desc(), arrival.desc()).limit(AT_RISK).subquery()
        for condition in conditions
    ]
    both = union_all(*(select(part.c.score, part.c.arrival) for part in parts)).subquery()
    return select(both.c.arrival).order_by(both.c.score.desc(), both.c.arrival.desc()).limit(AT_RISK)


def _ends_before_the_data(session: Session, selection: Selection, span: Span) -> bool:
    later = select(day).where(
        current(RollupInterval, selection.user_id),
        next_day.between(span.last + 1, NEVER - 1),
        span.within(day, span.first, span.last),
    )
    return bool(session.execute(select(later.exists())).scalar())


def _risk_over_time(session: Session, selection: Selection, span: Span) -> tuple[RiskDay, ...]:
    """Intervals that end before the first day shown do not matter; those that began before it begin there."""
    mine = current(RollupInterval, selection.user_id)
    with_data = col(RollupDay.day)
    first = session.execute(
        select(func.min(with_data)).where(
            current(RollupDay, selection.user_id), span.within(with_data, span.first, span.last)
        )
    ).scalar()
    if first is None:
        return ()
    shown = max(int(first), span.anchor - MAX_DAYS + 1)
    columns = (
        day,
        next_day,
        col(RollupInterval.high),
        col(RollupInterval.medium),
        col(RollupInterval.customers),
    )
    changes: dict[str, Counter[int]] = {level: Counter() for level in RiskLevel}
    for start, end, high, medium, customers in session.execute(
        select(*columns).where(mine, next_day > shown, span.within(day, span.first, span.anchor))
    ):
        for level, count in (('high', high), ('medium', medium), ('low', customers - high - medium)):
            changes[level][max(start, shown)] += count
            changes[level][end] -= count
    return risk_days(changes, shown, selection)
