"""What the page shows beside the payload, from the rollups."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, SQLColumnExpression, func, select
from sqlmodel import Session, col

from services.at_risk import AT_RISK, customers_by_arrival
from services.charts import score_bins
from services.customer_order import highest
from services.customer_tables import CustomerRecord
from services.day_series import ChartDays, DaySeries, Scores, first_shown
from services.rollup_reads import Span, day, latest, next_day
from services.rollup_state import current
from services.rollup_tables import CustomerDay, RollupBin, RollupDay, RollupInterval
from services.schemas import Charts
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
        **_days(session, selection, span)._asdict(),
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


def _days(session: Session, selection: Selection, span: Span) -> ChartDays:
    """Intervals that end before the first day shown do not matter; those that began before it begin there."""
    shown = first_shown(selection.anchor)
    series = DaySeries()
    held = select(day, next_day, *_sums(RollupInterval, col(RollupInterval.customers))).where(
        current(RollupInterval, selection.user_id), next_day > shown, span.within(day, span.first, span.anchor)
    )
    for start, end, *sums in session.execute(held):
        scores = Scores(*sums)
        series.begin(max(start, shown), scores)
        series.end(end, scores)
    predicted = select(col(RollupDay.day), *_sums(RollupDay, col(RollupDay.count))).where(
        current(RollupDay, selection.user_id), span.within(col(RollupDay.day), shown, span.anchor)
    )
    for number, *sums in session.execute(predicted):
        series.predict(number, Scores(*sums))
    return series.until(selection.anchor)


def _sums(table: Any, count: SQLColumnExpression[int]) -> tuple[SQLColumnExpression[int], ...]:
    """As :class:`Scores` has them."""
    return count, col(table.high), col(table.medium), col(table.sum)
