"""The customers of a query in the order of a list, each by its latest prediction there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, select, union_all
from sqlmodel import Session, col

from services.change_order import by_change_from_predictions, by_change_from_rollups
from services.cursors import Place, below
from services.latest_days import count_days, latest_days
from services.models import Customer
from services.plan import Route
from services.rollup_reads import Span
from services.rollup_state import current
from services.rollup_tables import CustomerDay
from services.selection import Selection, is_latest
from services.snoozed_customers import asleep_in


class CustomerSort(StrEnum):
    """The orders a list can have. All but that by change come from an index, however many customers there are."""

    RISK = 'risk'
    """Highest latest score first; of equal ones that which arrived last: as the board lists those at risk."""
    ID = 'id'
    """By id, as the database sorts texts."""
    CHANGE = 'change'
    """Largest rise in 7 days first, of equal ones as by risk; last, likewise, those without a score a week before."""


PLACES: dict[CustomerSort, dict[str, type]] = {
    CustomerSort.RISK: {'score': int, 'arrival': int},
    CustomerSort.ID: {'customer_id': str},
    CustomerSort.CHANGE: {'change': int, 'score': int, 'arrival': int},
}
"""What a place in each order consists of."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A piece of the list."""

    sort: CustomerSort
    most: int
    after: Place | None = None
    awake: bool = False
    """Without the customers who are snoozed today."""


def in_order(session: Session, ready: Selection, stretch: Stretch) -> Select[*tuple[Any, ...]]:
    """The statement for the customers of a planned selection: (arrival, and the values of a place)."""
    without = asleep_in(session, ready) if stretch.awake else None
    piece: dict[str, Any] = {'most': stretch.most, 'after': stretch.after, 'without': without}
    by_rollups = ready.plan is not None and ready.plan.route is Route.ROLLUPS
    if stretch.sort is CustomerSort.ID:
        return _by_id(ready, **piece) if by_rollups else _by_id_of_predictions(ready, **piece)
    if stretch.sort is CustomerSort.RISK:
        return highest(session, ready, Span.of(ready), **piece) if by_rollups else _highest(ready, **piece)
    if by_rollups:
        return by_change_from_rollups(session, ready, Span.of(ready), **piece)
    return by_change_from_predictions(ready, **piece)


def rows_to_read(session: Session, selection: Selection, stretch: Stretch) -> int:
    """About how many rows of the rollups have to be gone through beside those of the piece itself.

    Without dates none, unless by change. Else the customers without a prediction on those days are passed over, and
    where the query ends before the data does, nothing gives the order by risk.
    """
    span = Span.of(selection)
    by_change = stretch.sort is CustomerSort.CHANGE
    if span == Span.everything(selection.today) and not by_change:
        return 0
    counts = count_days(session, selection, span)
    if by_change:
        return counts.to_find + counts.meant  # of each also its earlier day
    if stretch.sort is CustomerSort.RISK and counts.overtaken:
        return counts.days
    return counts.customers * stretch.most // max(counts.meant, stretch.most)


def highest(
    session: Session,
    selection: Selection,
    span: Span,
    *,
    most: int,
    after: Place | None = None,
    without: Select[str] | None = None,
) -> Select[*tuple[Any, ...]]:
    """(arrival, score) of the highest latest scores, by the rollups.

    :param after: (score, arrival) of the one before them.
    :param without: ids of customers who are left out.
    """
    score, arrival = col(CustomerDay.score), col(CustomerDay.arrival)
    parts = [select(score, arrival).where(*part) for part in latest_days(session, selection, span)]
    if after:
        parts = [part.where(below((score, arrival), after)) for part in parts]
    if without is not None:
        parts = [part.where(col(CustomerDay.customer_id).not_in(without)) for part in parts]
    each = [part.order_by(score.desc(), arrival.desc()).limit(most).subquery() for part in parts]
    both = union_all(*(select(part.c.score, part.c.arrival) for part in each)).subquery()
    return select(both.c.arrival, both.c.score).order_by(both.c.score.desc(), both.c.arrival.desc()).limit(most)


def _highest(
    ready: Selection, *, most: int, after: Place | None, without: Select[str] | None
) -> Select[*tuple[Any, ...]]:
    rows = ready.chained()
    found = select(rows.c.arrival, rows.c.score).where(is_latest(rows))
    if after:
        found = found.where(below((rows.c.score, rows.c.arrival), after))
    if without is not None:
        found = found.where(rows.c.customer_id.not_in(without))
    return found.order_by(rows.c.score.desc(), rows.c.arrival.desc()).limit(most)


def _by_id(
    selection: Selection, *, most: int, after: Place | None, without: Select[str] | None
) -> Select[*tuple[Any, ...]]:
    """Customer by customer, each with its last day in the query: an index finds it, however many days there are."""
    customer, span = col(Customer.customer_id), Span.of(selection)
    latest_day = (
        select(col(CustomerDay.arrival))
        .where(
            current(CustomerDay, selection.user_id),
            col(CustomerDay.customer_id) == customer,
            span.within(col(CustomerDay.day), span.first, span.last),
        )
        .order_by(col(CustomerDay.day).desc())
        .limit(1)
        .correlate(Customer)
        .scalar_subquery()
    )
    rows = select(latest_day.label('arrival'), customer).where(
        # not a join: PostgreSQL would take it to leave few customers, and go through all of them
        col(Customer.user_id) == selection.user_id,
        latest_day.is_not(None),
    )
    return _after_id(rows, customer, most=most, after=after, without=without)


def _by_id_of_predictions(
    ready: Selection, *, most: int, after: Place | None, without: Select[str] | None
) -> Select[*tuple[Any, ...]]:
    rows = ready.chained()
    found = select(rows.c.arrival, rows.c.customer_id).where(is_latest(rows))
    return _after_id(found, rows.c.customer_id, most=most, after=after, without=without)


def _after_id(
    rows: Select[*tuple[Any, ...]],
    customer: SQLColumnExpression[str],
    *,
    most: int,
    after: Place | None,
    without: Select[str] | None,
) -> Select[*tuple[Any, ...]]:
    if after:
        rows = rows.where(customer > after[0])
    if without is not None:
        rows = rows.where(customer.not_in(without))
    return rows.order_by(customer).limit(most)
