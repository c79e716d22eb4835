"""The customers of a query in the order of a list, each by its latest prediction there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select, union_all
from sqlmodel import Session, col

from services.cursors import Place, below
from services.models import Customer
from services.plan import Route
from services.rollup_reads import Span, day, latest, next_day
from services.rollup_state import current
from services.rollup_tables import NEVER, NEWEST, CustomerDay, RollupInterval
from services.selection import Selection, is_latest


class CustomerSort(StrEnum):
    """Orders that an index gives, however many customers there are."""

    RISK = 'risk'
    """Highest latest score first; of equal ones that which arrived last: as the board lists those at risk."""
    ID = 'id'
    """By id, as the database sorts texts."""


PLACES: dict[CustomerSort, tuple[type, ...]] = {CustomerSort.RISK: (int, int), CustomerSort.ID: (str,)}
"""What a place in each order consists of: (score, arrival), or the id."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A piece of the list."""

    sort: CustomerSort
    most: int
    after: Place | None = None


def in_order(session: Session, ready: Selection, stretch: Stretch) -> Select[*tuple[Any, ...]]:
    """The statement for the customers of a planned selection: (arrival, and the values of a place)."""
    if ready.plan is None or ready.plan.route is not Route.ROLLUPS:
        return _by_predictions(ready, stretch)
    span = Span.of(ready)
    if stretch.sort is CustomerSort.ID:
        return _by_id(ready, span, stretch)
    return highest(session, ready, span, most=stretch.most, after=stretch.after)


def rows_to_read(session: Session, selection: Selection, stretch: Stretch) -> int:
    """About how many rows of the rollups have to be gone through beside those of the piece itself.

    Without dates none. Else the customers without a prediction on those days are passed over, and where the query ends
    before the data does, nothing gives the order by risk.
    """
    span = Span.of(selection)
    if span == Span.everything(selection.today):
        return 0
    customers = func.sum(col(RollupInterval.customers))
    found = select(
        customers,
        customers.filter(next_day == NEVER),
        customers.filter(latest(span, span.first, span.last)),
    ).where(current(RollupInterval, selection.user_id))
    days, everybody, meant = (int(value or 0) for value in session.execute(found).one())
    if stretch.sort is CustomerSort.RISK and ends_before_the_data(session, selection, span):
        return days
    return everybody * stretch.most // max(meant, stretch.most)


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

    That of customers who have no later day is the common case, and an index gives them in order. Others there are only
    where the query ends before the data does.

    :param after: (score, arrival) of the one before them.
    :param without: ids of customers who are left out.
    """
    score, arrival = col(CustomerDay.score), col(CustomerDay.arrival)
    rows = [current(CustomerDay, selection.user_id), span.within(col(CustomerDay.day), span.first, span.last)]
    if after:
        rows.append(below((score, arrival), after))
    if without is not None:
        rows.append(col(CustomerDay.customer_id).not_in(without))
    newest: ColumnElement[bool] = literal_column(NEWEST)  # in the index's own words: with a bound value it is not used
    conditions = [newest]
    if ends_before_the_data(session, selection, span):
        conditions.append(col(CustomerDay.next_day).between(span.last + 1, NEVER - 1))
    parts = [
        select(score, arrival).where(*rows, condition).order_by(score.desc(), arrival.desc()).limit(most).subquery()
        for condition in conditions
    ]
    both = union_all(*(select(part.c.score, part.c.arrival) for part in parts)).subquery()
    return select(both.c.arrival, both.c.score).order_by(both.c.score.desc(), both.c.arrival.desc()).limit(most)


def ends_before_the_data(session: Session, selection: Selection, span: Span) -> bool:
    """Whether any customer has a day in the query and a later one after it."""
    later = select(day).where(
        current(RollupInterval, selection.user_id),
        next_day.between(span.last + 1, NEVER - 1),
        span.within(day, span.first, span.last),
    )
    return bool(session.execute(select(later.exists())).scalar())


def _by_id(selection: Selection, span: Span, stretch: Stretch) -> Select[*tuple[Any, ...]]:
    """Customer by customer, each with its last day in the query: an index finds it, however many days there are."""
    customer = col(Customer.customer_id)
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
    if stretch.after:
        rows = rows.where(customer > stretch.after[0])
    return rows.order_by(customer).limit(stretch.most)


def _by_predictions(ready: Selection, stretch: Stretch) -> Select[*tuple[Any, ...]]:
    rows = ready.chained()
    latest = select(rows.c.arrival).where(is_latest(rows))
    if stretch.sort is CustomerSort.ID:
        found = latest.add_columns(rows.c.customer_id).order_by(rows.c.customer_id)
        return (found.where(rows.c.customer_id > stretch.after[0]) if stretch.after else found).limit(stretch.most)
    found = latest.add_columns(rows.c.score).order_by(rows.c.score.desc(), rows.c.arrival.desc())
    if stretch.after:
        found = found.where(below((rows.c.score, rows.c.arrival), stretch.after))
    return found.limit(stretch.most)
