"""What the page shows beside the payload, from the rollups."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from services.at_risk import AT_RISK, customers_by_arrival
from services.charts import MAX_DAYS, risk_days, score_bins
from services.customer_order import highest
from services.customer_tables import CustomerRecord
from services.rollup_reads import Span, day, latest, next_day
from services.rollup_state import current
from services.rollup_tables import CustomerDay, RollupBin, RollupDay, RollupInterval
from services.schemas import Charts, RiskDay, RiskLevel
from services.score_change import earlier_by_rollups
from services.selection import Selection
from services.snoozed_customers import asleep_in, snoozed_customers


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
    left_out = asleep_in(session, selection)
    earlier = earlier_by_rollups(selection)
    at_risk = highest(session, selection, span, most=AT_RISK, without=left_out).subquery()
    snoozed = None if left_out is None else _latest_of(left_out, selection, span)
    return Charts(
        at_risk=customers_by_arrival(session, selection, select(at_risk.c.arrival), earlier),
        customers=int(session.execute(customers).scalar() or 0),
        histogram=score_bins({row[0]: int(row[1]) for row in session.execute(bins)}, selection.bands),
        risk_over_time=_risk_over_time(session, selection, span),
        **snoozed_customers(session, selection, snoozed, earlier),
    )


def _latest_of(customers: Select[str], selection: Selection, span: Span) -> Select[int]:
    """The arrivals of the latest predictions in the query of some customers, found one by one."""
    arrival = (
        select(col(CustomerDay.arrival))
        .where(
            current(CustomerDay, selection.user_id),
            col(CustomerDay.customer_id) == col(CustomerRecord.customer_id),
            span.within(col(CustomerDay.day), span.first, span.last),
        )
        .order_by(col(CustomerDay.day).desc())
        .limit(1)
        .correlate(CustomerRecord)
        .scalar_subquery()
    )
    return customers.with_only_columns(arrival.label('arrival')).where(arrival.is_not(None))


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
    return risk_days(changes, shown, selection.anchor)
