"""Which calendar day of a user's time zone an instant belongs to, in Python and in SQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, case, cast, literal

from services.clock import from_micros, to_micros
from services.errors import InvalidRequest

DAY = 86_400_000_000
"""Microseconds of a day without a clock change."""

EPOCH_DAY = date(1970, 1, 1)


@lru_cache(maxsize=1024)
def time_zone(name: str) -> ZoneInfo:
    """The IANA zone of that name.

    :raises InvalidRequest: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidRequest(
            f'"{name}" is no time zone: use a name such as Europe/Berlin.', field='time_zone'
        ) from error


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> int:
    """The first instant of a day, in microseconds: also where midnight does not exist or comes twice."""
    return to_micros(datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH_DAY).days


def day_from_number(number: int) -> date:
    return EPOCH_DAY + timedelta(days=number)


def day_expression(instants: SQLColumnExpression[int], zone: ZoneInfo, *, first: int, last: int) -> ColumnElement[int]:
    """SQL for the day number of each instant, exact for instants between ``first`` and ``last`` (microseconds).

    Between two changes of the clock the local time is the UTC time plus a constant, so a handful of cases is enough.
    """
    segments = list(_offsets(zone, first, last))
    days = [(instants < until, _local_day(instants, offset)) for offset, until in segments[:-1]]
    otherwise = _local_day(instants, segments[-1][0])
    return case(*days, else_=otherwise) if days else otherwise


def _local_day(instants: SQLColumnExpression[int], offset: int) -> ColumnElement[int]:
    return cast((instants + literal(offset)) // literal(DAY), Integer)


def _offsets(zone: ZoneInfo, first: int, last: int) -> Iterator[tuple[int, int]]:
    """(offset, until) in microseconds for each stretch of time with one UTC offset; the last ends at ``last``."""
    at = from_micros(first)
    end = from_micros(max(first, last))
    while at <= end:
        offset = _offset(at, zone)
        change = _next_change(at, end, zone)
        yield offset, to_micros(change) if change else to_micros(end)
        if change is None:
            return
        at = change


def _next_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    offset = _offset(start, zone)
    before = start
    while before < end:
        after = min(before + timedelta(days=7), end)
        if _offset(after, zone) != offset:
            return _bisect(before, after, offset, zone)
        before = after
    return None


def _bisect(before: datetime, after: datetime, offset: int, zone: ZoneInfo) -> datetime:
    while after - before > timedelta(microseconds=1):
        middle = before + (after - before) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(instant: datetime, zone: ZoneInfo) -> int:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # a ZoneInfo always answers
    return offset // timedelta(microseconds=1)
