"""Which customer days of the rollups are their customer's latest in a query, and how many have to be gone through."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlmodel import Session, col

from services.rollup_reads import Span, day, latest, next_day
from services.rollup_state import current
from services.rollup_tables import NEVER, NEWEST, CustomerDay, RollupInterval
from services.selection import Selection


class DayCounts(NamedTuple):
    """Of a user's customer days."""

    days: int
    customers: int
    meant: int
    """Customers with a day in the query."""
    high: int
    """Of those, the ones whose latest there is of high risk."""
    overtaken: int
    """Of those meant, the ones who have a later day after the query."""

    @property
    def to_find(self) -> int:
        """How many days are gone through to find the latest of each customer meant."""
        return self.days if self.overtaken else self.customers


def latest_days(session: Session, selection: Selection, span: Span) -> list[list[ColumnElement[bool]]]:
    """Conditions on ``customer_day``: each leads to a part of the latest days, and no two to the same.

    That of customers who have no later day is the common case, and an index has those by score. Others there are only
    where the query ends before the data does.
    """
    mine = [current(CustomerDay, selection.user_id), span.within(col(CustomerDay.day), span.first, span.last)]
    newest: ColumnElement[bool] = literal_column(NEWEST)  # in the index's own words: with a bound value it is not used
    parts = [[*mine, newest]]
    if ends_before_the_data(session, selection, span):
        parts.append([*mine, col(CustomerDay.next_day).between(span.last + 1, NEVER - 1)])
    return parts


def ends_before_the_data(session: Session, selection: Selection, span: Span) -> bool:
    """Whether any customer has a day in the query and a later one after it."""
    later = select(day).where(
        current(RollupInterval, selection.user_id),
        next_day.between(span.last + 1, NEVER - 1),
        span.within(day, span.first, span.last),
    )
    return bool(session.execute(select(later.exists())).scalar())


def count_days(session: Session, selection: Selection, span: Span) -> DayCounts:
    """From the intervals: a few thousand rows, however many customers there are."""
    customers, meant = func.sum(col(RollupInterval.customers)), latest(span, span.first, span.last)
    found = select(
        customers,
        customers.filter(next_day == NEVER),
        customers.filter(meant),
        func.sum(col(RollupInterval.high)).filter(meant),
        customers.filter(meant, next_day < NEVER),
    ).where(current(RollupInterval, selection.user_id))
    return DayCounts._make(int(value or 0) for value in session.execute(found).one())
