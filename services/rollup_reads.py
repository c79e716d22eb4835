"""The sums of a query from the rollups: a few rows, however long the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, select
from sqlmodel import Session, col

from services.aggregates import Aggregates, Total
from services.calendar import day_number
from services.rollup_state import current
from services.rollup_tables import NEVER, RollupDay, RollupInterval
from services.selection import Selection

NEWLY_HIGH_DAYS = 8
"""Today and the 7 days that it is compared with."""

day = col(RollupInterval.day)
next_day = col(RollupInterval.next_day)


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days of a query as numbers; both ends belong to it."""

    first: int
    last: int
    anchor: int
    today: int

    @classmethod
    def of(cls, selection: Selection) -> Span:
        first, last = selection.query.days(selection.today)
        return cls(
            first=_number(first, -NEVER),
            last=_number(last, NEVER - 1),
            anchor=day_number(selection.anchor),
            today=day_number(selection.today),
        )

    def within(self, column: SQLColumnExpression[int], start: int, end: int) -> ColumnElement[bool]:
        """Whether a day lies in a window, and in the query."""
        return column.between(max(start, self.first), min(end, self.last))


def latest(span: Span, start: int, end: int) -> ColumnElement[bool]:
    """Which customer days are their customer's latest in a window of the query that ends no later than the query."""
    return and_(span.within(day, start, end), next_day > min(end, span.last))


def aggregate_rollups(session: Session, selection: Selection) -> Aggregates:
    """The same sums as :func:`services.aggregates.aggregate`, for a query without filters."""
    span = Span.of(selection)
    days = _days(session, selection.user_id, span)
    customers = _customers(session, selection.user_id, span)
    return Aggregates(**days, **customers)


def high_risk_customers(session: Session, selection: Selection) -> tuple[int, tuple[int, ...]]:
    """Customers at high risk now, and those who became so today and on the 7 days before it, newest first."""
    mine = current(RollupInterval, selection.user_id)
    today = day_number(selection.today)
    high = select(func.sum(col(RollupInterval.high))).where(mine, next_day == NEVER)
    newly = (
        select(day, func.sum(col(RollupInterval.newly_high)))
        .where(mine, next_day > today - NEWLY_HIGH_DAYS + 1, day > today - NEWLY_HIGH_DAYS)
        .group_by(day)
    )
    counts = {int(row[0]): int(row[1]) for row in session.execute(newly)}
    became_high = tuple(counts.get(today - back, 0) for back in range(NEWLY_HIGH_DAYS))
    return int(session.execute(high).scalar() or 0), became_high


def _days(session: Session, user_id: int, span: Span) -> dict[str, Any]:
    of = col(RollupDay.day)
    count, total = col(RollupDay.count), col(RollupDay.sum)
    anchor = span.anchor
    windows = {
        'week': span.within(of, anchor - 6, anchor),
        'week_before': span.within(of, anchor - 13, anchor - 7),
        'today': span.within(of, span.today, span.today),
    }
    columns: dict[str, ColumnElement[Any]] = {
        'all': func.sum(count),
        'all_sum': func.sum(total),
        'high': func.sum(col(RollupDay.high)),
        'medium': func.sum(col(RollupDay.medium)),
    }
    for name, condition in windows.items():
        columns |= {name: func.sum(count).filter(condition), f'{name}_sum': func.sum(total).filter(condition)}
    value = _values(session, columns, current(RollupDay, user_id), span.within(of, span.first, span.last))
    return {
        **{name: Total(count=value[name], sum=value[f'{name}_sum']) for name in ('all', 'week', 'week_before')},
        **{name: value[name] for name in ('high', 'medium', 'today')},
    }


def _customers(session: Session, user_id: int, span: Span) -> dict[str, Any]:
    anchor = span.anchor
    totals = {
        'customers': latest(span, span.first, span.last),
        'customers_at_anchor': latest(span, span.first, anchor),
        'customers_week_ago': latest(span, span.first, anchor - 7),
    }
    counts = {
        'customers_today': span.within(day, span.today, span.today),
        'customers_in_week': latest(span, anchor - 6, anchor),
        'customers_in_month': latest(span, anchor - 29, anchor),
        'customer_days': span.within(day, anchor - 6, anchor),
        'customer_days_before': span.within(day, anchor - 13, anchor - 7),
    }
    count, total = col(RollupInterval.customers), col(RollupInterval.sum)
    columns: dict[str, ColumnElement[Any]] = {
        name: func.sum(count).filter(condition) for name, condition in (totals | counts).items()
    }
    columns |= {f'{name}_sum': func.sum(total).filter(condition) for name, condition in totals.items()}
    # nothing above looks further back than two weeks before the anchor, and every interval ends after it begins
    value = _values(session, columns, current(RollupInterval, user_id), next_day > anchor - 13)
    return {
        **{name: Total(count=value[name], sum=value[f'{name}_sum']) for name in totals},
        **{name: value[name] for name in counts},
    }


def _values(
    session: Session, columns: dict[str, ColumnElement[Any]], *conditions: ColumnElement[bool]
) -> dict[str, int]:
    found = (
        session.execute(select(*(column.label(name) for name, column in columns.items())).where(*conditions))
        .one()
        ._mapping
    )
    return {name: int(found[name] or 0) for name in columns}


def _number(value: date | None, otherwise: int) -> int:
    return otherwise if value is None else day_number(value)
