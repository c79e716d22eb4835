"""The sums behind the board's numbers, by plain SQL over the chained predictions of a query: one pass for all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select
from sqlmodel import Session

from services.calendar import day_expression
from services.schemas import RiskLevel
from services.selection import Selection, is_latest


class Total(NamedTuple):
    """How many scores, and their sum in millionths. A tuple: six are made of each user whose data changes."""

    count: int = 0  # type: ignore[assignment]  # what tuples count is of no use here
    sum: int = 0


class Aggregates(NamedTuple):
    """Sums over the predictions ``S`` of a query. "Week" is the 7 days that end with the anchor, "month" the 30.

    A tuple, too: one is made of each user whose data changes.
    """

    all: Total
    high: int
    medium: int
    today: int
    week: Total
    week_before: Total
    customers: Total
    """Each customer's latest score in S."""
    customers_at_anchor: Total
    """The same from the scores up to the end of the anchor day."""
    customers_week_ago: Total
    """The same from the scores up to the end of the day 7 days before the anchor."""
    customers_today: int
    customers_in_week: int
    customers_in_month: int
    customer_days: int
    """Distinct customers a day, summed over the week."""
    customer_days_before: int
    """The same over the 7 days before the week."""


def aggregate(session: Session, selection: Selection) -> Aggregates:
    """Compute all sums of a query."""
    rows = selection.chained()
    columns = _columns(rows, selection)
    found = session.execute(select(*(value.label(name) for name, value in columns.items()))).one()._mapping
    value = {name: int(found[name] or 0) for name in columns}

    def total(name: str) -> Total:
        return Total(count=value[name], sum=value[f'{name}_sum'])

    return Aggregates(
        all=total('all'),
        week=total('week'),
        week_before=total('week_before'),
        customers=total('customers'),
        customers_at_anchor=total('customers_at_anchor'),
        customers_week_ago=total('customers_week_ago'),
        **{
            name: value[name]
            for name in (
                'high',
                'medium',
                'today',
                'customers_today',
                'customers_in_week',
                'customers_in_month',
                'customer_days',
                'customer_days_before',
            )
        },
    )


def _columns(rows: Subquery, selection: Selection) -> dict[str, ColumnElement[Any]]:
    anchor = selection.anchor
    week_ago = anchor - timedelta(days=7)
    week = selection.start_of(week_ago + timedelta(days=1)), selection.end_of(anchor)
    week_before = selection.start_of(anchor - timedelta(days=13)), week[0]
    month = selection.start_of(anchor - timedelta(days=29)), week[1]
    today = selection.start_of(selection.today), selection.end_of(selection.today)
    day_ends = _ends_its_day(rows, selection, first=week_before[0], last=week[1])
    totals = {
        'all': None,
        'week': _within(rows, *week),
        'week_before': _within(rows, *week_before),
        'customers': is_latest(rows),
        'customers_at_anchor': is_latest(rows, before=week[1]),
        'customers_week_ago': is_latest(rows, before=week[0]),
    }
    counts = {
        'high': rows.c.score >= selection.bands.bounds(RiskLevel.HIGH)[0],
        'medium': rows.c.score.between(*selection.bands.bounds(RiskLevel.MEDIUM)),
        'today': _within(rows, *today),
        'customers_today': _seen(rows, *today),
        'customers_in_week': _seen(rows, *week),
        'customers_in_month': _seen(rows, *month),
        'customer_days': and_(_within(rows, *week), day_ends),
        'customer_days_before': and_(_within(rows, *week_before), day_ends),
    }
    columns: dict[str, ColumnElement[Any]] = {name: _count(condition) for name, condition in (totals | counts).items()}
    for name, condition in totals.items():
        scores = func.sum(rows.c.score)
        columns[f'{name}_sum'] = scores if condition is None else scores.filter(condition)
    return columns


def _count(condition: ColumnElement[bool] | None) -> ColumnElement[int]:
    return func.count() if condition is None else func.count().filter(condition)


def _within(rows: Subquery, start: int, end: int) -> ColumnElement[bool]:
    return and_(rows.c.at >= start, rows.c.at < end)


def _seen(rows: Subquery, start: int, end: int) -> ColumnElement[bool]:
    """One row for each customer with a prediction in the span: the last of them."""
    return and_(rows.c.at >= start, is_latest(rows, before=end))


def _ends_its_day(rows: Subquery, selection: Selection, *, first: int, last: int) -> ColumnElement[bool]:
    """Whether the customer's next prediction, if any, is on a later day; exact for predictions in [first, last)."""
    margin = 2 * 86_400_000_000  # the next prediction's day matters only where it may still be the same one
    span = {'first': first, 'last': last + margin}
    day = day_expression(rows.c.at, selection.zone, **span)
    next_day = day_expression(rows.c.next_at, selection.zone, **span)
    return or_(rows.c.next_at.is_(None), next_day > day)
