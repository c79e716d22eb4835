"""The sums of a query from the rollups: a few rows, however long the history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, SQLColumnExpression, and_
from sqlmodel import Session, col

from services.aggregates import Aggregates, Total
from services.calendar import day_number
from services.many_users import AMONG_USERS, dialect_of, for_driver, users_parameter
from services.rollup_tables import NEVER, RollupInterval
from services.row_lists import RowList
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

    def clipped(self, start: int, end: int) -> tuple[int, int]:
        """A window, as far as it lies in the query."""
        return max(start, self.first), min(end, self.last)

    def within(self, column: SQLColumnExpression[int], start: int, end: int) -> ColumnElement[bool]:
        """Whether a day lies in a window, and in the query."""
        return column.between(*self.clipped(start, end))


def latest(span: Span, start: int, end: int) -> ColumnElement[bool]:
    """Which customer days are their customer's latest in a window of the query that ends no later than the query."""
    return and_(span.within(day, start, end), next_day > min(end, span.last))


class HighRisk(NamedTuple):
    """Customers at high risk now, and those who became so today and on the 7 days before it, newest first."""

    now: int = 0
    became: tuple[int, ...] = (0,) * NEWLY_HIGH_DAYS


class RollupSums(NamedTuple):
    """What the rollups say of a user; a tuple, as one is made of each user whose data changes."""

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
    parameters = users_parameter(user_ids, dialect)
    days, customers = (
        session.connection().exec_driver_sql(for_driver(each.statement, dialect), parameters).all()
        for each in sum_lists(span, dialect)
    )
    return sums_by_user(user_ids, days, customers)


@lru_cache(maxsize=64)
def sum_lists(span: Span, dialect: str) -> tuple[RowList, RowList]:
    """What :func:`sums_by_user` takes, to be read of ``:users``; kept: it is the same for all of them."""
    return _days(span, dialect), _customers(span, dialect)


def sums_by_user(
    user_ids: Iterable[int], days: Iterable[Sequence[int]], customers: Iterable[Sequence[int]]
) -> dict[int, RollupSums]:
    """The sums of each user, from the rows of :func:`sum_lists`."""
    of_days, of_customers = {row[0]: row for row in days}, {row[0]: row for row in customers}
    return {
        user_id: _sums(of_days.get(user_id, NO_DAYS), of_customers.get(user_id, NO_CUSTOMERS)) for user_id in user_ids
    }


NO_DAYS = (0,) * 10
NO_CUSTOMERS = (0,) * (13 + NEWLY_HIGH_DAYS)
"""What a user without data has of either statement."""


def _sums(days: Sequence[int], customers: Sequence[int]) -> RollupSums:
    """From the rows of the two statements, whose distinct customers come in the order of :class:`Aggregates`."""
    _user_id, every, every_sum, week, week_sum, week_before, week_before_sum, high, medium, today = days
    _user_id, latest_now, latest_sum, at_anchor, at_anchor_sum, week_ago, week_ago_sum = customers[:7]
    aggregates = Aggregates(
        Total(every, every_sum),
        high,
        medium,
        today,
        Total(week, week_sum),
        Total(week_before, week_before_sum),
        Total(latest_now, latest_sum),
        Total(at_anchor, at_anchor_sum),
        Total(week_ago, week_ago_sum),
        *customers[7:12],
    )
    return RollupSums(aggregates, HighRisk(customers[12], tuple(customers[13:])))


# their numbers are written into them: to fill in dozens of parameters takes longer than to read what is found
SOURCE = """
    FROM {table} r JOIN user_revision u ON u.user_id = r.user_id AND u.rollup_generation = r.generation
    WHERE u.user_id {among_users} AND {condition} GROUP BY r.user_id
"""


def _days(span: Span, dialect: str) -> RowList:
    """A user's number, then what :func:`_sums` takes of ``rollup_day``."""
    week, week_before, today = (
        _within(span, start, end)
        for start, end in (
            (span.anchor - 6, span.anchor),
            (span.anchor - 13, span.anchor - 7),
            (span.today, span.today),
        )
    )
    columns = [_sum('count'), _sum('sum')]
    for window in (week, week_before):
        columns += [_sum('count', window), _sum('sum', window)]
    columns += [_sum('high'), _sum('medium'), _sum('count', today)]
    return _sums_of('rollup_day', columns, _within(span, span.first, span.last), dialect)


def _customers(span: Span, dialect: str) -> RowList:
    """The same of ``rollup_interval``."""
    anchor = span.anchor
    columns: list[str] = []
    for end in (span.last, anchor, anchor - 7):
        newest = _latest(span, span.first, end)
        columns += [_sum('customers', newest), _sum('sum', newest)]
    distinct = (
        _within(span, span.today, span.today),
        _latest(span, anchor - 6, anchor),
        _latest(span, anchor - 29, anchor),
        _within(span, anchor - 6, anchor),
        _within(span, anchor - 13, anchor - 7),
    )
    columns += [_sum('customers', condition) for condition in distinct]
    columns.append(_sum('high', f'r.next_day = {NEVER}'))
    columns += [_sum('newly_high', f'r.day = {span.today - back}') for back in range(NEWLY_HIGH_DAYS)]
    # nothing above looks further back than two weeks before the anchor, and every interval ends after it begins
    return _sums_of('rollup_interval', columns, f'r.next_day > {anchor - 13}', dialect)


def _within(span: Span, start: int, end: int) -> str:
    """As :meth:`Span.within`, of the rows that are added up."""
    first, last = span.clipped(start, end)
    return f'r.day BETWEEN {first} AND {last}'


def _latest(span: Span, start: int, end: int) -> str:
    """As :func:`latest`."""
    return f'{_within(span, start, end)} AND r.next_day > {min(end, span.last)}'


def _sum(column: str, condition: str = '') -> str:
    """PostgreSQL's own sums are decimals, which take longer to read than to add up."""
    rows = f' FILTER (WHERE {condition})' if condition else ''
    return f'COALESCE(CAST(SUM(r.{column}){rows} AS bigint), 0)'


def _sums_of(table: str, columns: Sequence[str], condition: str, dialect: str) -> RowList:
    """Sums by user over the rollups that are read."""
    source = SOURCE.format(table=table, among_users=AMONG_USERS[dialect], condition=condition)
    return RowList(', '.join(['r.user_id', *columns]), source)


def _number(value: date | None, otherwise: int) -> int:
    return otherwise if value is None else day_number(value)
