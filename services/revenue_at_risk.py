"""Revenue at risk: the account values of the customers of a query whose latest score is high."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CompoundSelect, Select, and_, func, select, union_all
from sqlmodel import Session, col

from services.latest_days import count_days, latest_days
from services.matching import match
from services.models import Customer, Prediction
from services.plan import Route
from services.rollup_reads import Span
from services.rollup_tables import CustomerDay
from services.schemas import RevenueAtRisk
from services.scores import ONE
from services.selection import Selection, is_latest


def revenue_at_risk(session: Session, planned: Selection) -> RevenueAtRisk:
    """Of a planned selection. A prediction's own account value comes before that of its customer."""
    by_rollups = planned.plan is not None and planned.plan.route is Route.ROLLUPS
    arrivals = _by_rollups(session, planned) if by_rollups else _by_predictions(match(session, planned))
    value = func.coalesce(col(Prediction.account_value), col(Customer.account_value))
    high = arrivals.subquery()
    mine = and_(col(Prediction.user_id) == planned.user_id, col(Prediction.arrival) == high.c.arrival)
    whose = and_(col(Customer.user_id) == planned.user_id, col(Customer.customer_id) == high.c.customer_id)
    # whole units apart from the rest: ten of the largest values are more millionths than SQLite adds up
    sums = select(func.count(), func.count(value), func.sum(value // ONE), func.sum(value % ONE))
    found = session.execute(sums.select_from(high).join(Prediction, mine).outerjoin(Customer, whose)).one()
    customers, with_value, units, millionths = (int(each or 0) for each in found)
    return RevenueAtRisk(
        customers=customers,
        with_value=with_value,
        account_value=(units * ONE + millionths) / ONE if with_value else None,
    )


def rows_of_revenue(session: Session, selection: Selection) -> int:
    """About how many rows of the rollups have to be gone through for it."""
    span = Span.of(selection)
    counts = count_days(session, selection, span)
    to_find = counts.days if counts.overtaken else counts.high
    return to_find + 2 * counts.high  # of each also its prediction, and what is known of the customer


def _by_rollups(session: Session, selection: Selection) -> CompoundSelect[*tuple[Any, ...]]:
    """(customer_id, arrival) of the latest predictions that are of high risk."""
    columns = (col(CustomerDay.customer_id), col(CustomerDay.arrival))
    high = col(CustomerDay.score) >= selection.bands.high
    return union_all(
        *(select(*columns).where(*part, high) for part in latest_days(session, selection, Span.of(selection)))
    )


def _by_predictions(ready: Selection) -> Select[*tuple[Any, ...]]:
    rows = ready.chained()
    return select(rows.c.customer_id, rows.c.arrival).where(is_latest(rows), rows.c.score >= ready.bands.high)
