"""The sums of a query from the rollups: a few rows, however long the history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, and_, cast, func, select
from sqlmodel import Session, col

from services.aggregates import Aggregates, Total
from services.calendar import day_number
from services.many_users import dialect_of, of_users, users_parameter
from services.models import UserRevision
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

    @classmethod
    def everything(cls, today: date) -> Span:
        """That of a query without dates."""
        number = day_number(today)
        return cls(first=-NEVER, last=NEVER - 1, anchor=number, today=number)

    def within(self, column: SQLColumnExpression[int], start: int, end: int) -> ColumnElement[bool]:
        """Whether a day lies in a window, and in the query."""
        return column.between(max(start, self.first), min(end, self.last))


def latest(span: Span, start: int, end: int) -> ColumnElement[bool]:
    """Which customer days are their customer's latest in a window of the query that ends no later than the query."""
    return and_(span.within(day, start, end), next_day > min(end, span.last))


@dataclass(frozen=True, kw_only=True)
class HighRisk:
    """Customers at high risk now, and those who became so today and on the 7 days before it, newest first."""

    now: int = 0
    became: tuple[int, ...] = (0,) * NEWLY_HIGH_DAYS


@dataclass(frozen=True, kw_only=True)
class RollupSums:
    """What the rollups say of a user."""

    aggregates: Aggregates
    high_risk: HighRisk


def aggregate_rollups(session: Session, selection: Selection) -> Aggregates:
    """The same sums as :func:`services.aggregates.aggregate`, for a query without filters."""
    return rollup_sums(session, selection).aggregates


def rollup_sums(session: Session, selection: Selection) -> RollupSums:
    """The same with the customers at high risk, whatever days the query means."""
    return sums_of_many(session, [selection.user_id], Span.of(selection))[selection.user_id]


def sums_of_many(session: Session, user_ids: Collection[int], span: Span) -> dict[int, RollupSums]:
    """The sums of the same days for many users, in two statements."""
    dialect = dialect_of(session)
    days = _grouped(session, user_ids, _days(span, dialect))
    customers = _grouped(session, user_ids, _customers(span, dialect))
    return {user_id: _sums(days.get(user_id, NO_DAYS), customers.get(user_id, NO_CUSTOMERS)) for user_id in user_ids}


DAYS = ('all', 'week', 'week_before')
CUSTOMERS = ('customers', 'customers_at_anchor', 'customers_week_ago')
DISTINCT = ('customers_today', 'customers_in_week', 'customers_in_month', 'customer_days', 'customer_days_before')
NO_DAYS = (0,) * 9
NO_CUSTOMERS = (0,) * (12 + NEWLY_HIGH_DAYS)
"""What a user without data has of either statement."""


def _sums(days: tuple[int, ...], customers: tuple[int, ...]) -> RollupSums:
    """From the rows of the two statements."""
    named: dict[str, Any] = {
        **dict(zip(DAYS, _totals(days[:6]), strict=True)),
        **dict(zip(('high', 'medium', 'today'), days[6:], strict=True)),
        **dict(zip(CUSTOMERS, _totals(customers[:6]), strict=True)),
        **dict(zip(DISTINCT, customers[6:11], strict=True)),
    }
    return RollupSums(aggregates=Aggregates(**named), high_risk=HighRisk(now=customers[11], became=customers[12:]))


def _totals(values: tuple[int, ...]) -> list[Total]:
    return [Total(*pair) for pair in zip(values[::2], values[1::2], strict=True)]


@lru_cache(maxsize=64)
def _days(span: Span, dialect: str) -> Select[Any]:
    """A user's number, then what :func:`_sums` takes of ``rollup_day``; kept: it is the same for all."""
    of, anchor = col(RollupDay.day), span.anchor
    count, total = col(RollupDay.count), col(RollupDay.sum)
    columns: list[ColumnElement[Any]] = [func.sum(count), func.sum(total)]
    for start, end in ((anchor - 6, anchor), (anchor - 13, anchor - 7)):
        within = span.within(of, start, end)
        columns += [func.sum(count).filter(within), func.sum(total).filter(within)]
    columns += [func.sum(col(RollupDay.high)), func.sum(col(RollupDay.medium))]
    columns.append(func.sum(count).filter(span.within(of, span.today, span.today)))
    return _sums_of_users(RollupDay, columns, dialect, span.within(of, span.first, span.last))


@lru_cache(maxsize=64)
def _customers(span: Span, dialect: str) -> Select[Any]:
    """The same of ``rollup_interval``."""
    anchor = span.anchor
    count, total = col(RollupInterval.customers), col(RollupInterval.sum)
    columns: list[ColumnElement[Any]] = []
    for end in (span.last, anchor, anchor - 7):
        newest = latest(span, span.first, end)
        columns += [func.sum(count).filter(newest), func.sum(total).filter(newest)]
    distinct = (
        span.within(day, span.today, span.today),
        latest(span, anchor - 6, anchor),
        latest(span, anchor - 29, anchor),
        span.within(day, anchor - 6, anchor),
        span.within(day, anchor - 13, anchor - 7),
    )
    columns += [func.sum(count).filter(condition) for condition in distinct]
    newly = func.sum(col(RollupInterval.newly_high))
    columns.append(func.sum(col(RollupInterval.high)).filter(next_day == NEVER))
    columns += [newly.filter(day == span.today - back) for back in range(NEWLY_HIGH_DAYS)]
    # nothing above looks further back than two weeks before the anchor, and every interval ends after it begins
    return _sums_of_users(RollupInterval, columns, dialect, next_day > anchor - 13)


def _sums_of_users(
    table: Any, columns: Sequence[ColumnElement[Any]], dialect: str, *conditions: ColumnElement[bool]
) -> Select[Any]:
    """Sums by user over the rollups that are read."""
    user_id = col(table.user_id)
    current = and_(col(UserRevision.user_id) == user_id, col(UserRevision.rollup_generation) == col(table.generation))
    users = of_users(col(UserRevision.user_id), dialect)
    # PostgreSQL's sums are decimals, which take longer to read than to add up
    sums = [func.coalesce(cast(column, BigInteger), 0) for column in columns]
    return select(user_id, *sums).join(UserRevision, current).where(users, *conditions).group_by(user_id)


def _grouped(session: Session, user_ids: Collection[int], statement: Any) -> dict[int, tuple[int, ...]]:
    found = session.connection().execute(statement, users_parameter(user_ids, dialect_of(session)))
    return {row[0]: row[1:] for row in found}


def _number(value: date | None, otherwise: int) -> int:
    return otherwise if value is None else day_number(value)
