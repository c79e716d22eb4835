"""Which calendar day of a user's time zone an instant belongs to, in Python and in SQL alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, case, cast, literal

from services.clock import from_micros, to_micros
from services.errors import InvalidRequest

DAY = 86_400_000_000
"""Microseconds of a day without a clock change."""

EPOCH_DAY = date(1970, 1, 1)

LONG_BEFORE = 36_525
"""Days, as many as a century has."""


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
    """The day that an instant belongs to: the latest that has begun.

    That is the date on the clock, but where the clock went back over a midnight it had passed (Newfoundland until
    2011, from 00:01 to 23:01 of the day before): a day that has begun goes on, so that days are intervals.
    """
    day = instant.astimezone(zone).date()
    following = day + timedelta(days=1)
    return day if to_micros(instant) < day_start(following, zone) else following


def day_start(day: date, zone: ZoneInfo) -> int:
    """The first instant of a day, in microseconds: also where midnight does not exist or comes twice."""
    midnight = datetime.combine(day, time.min, tzinfo=zone)
    start, other = midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC)
    # of a midnight that the clock leaps over, these are an instant after the leap and one before it
    return to_micros(start if start <= other else _change_between(other, start, zone))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH_DAY).days


def day_from_number(number: int) -> date:
    return EPOCH_DAY + timedelta(days=number)


def day_expression(instants: SQLColumnExpression[int], zone: ZoneInfo, *, first: int, last: int) -> ColumnElement[int]:
    """SQL for the day number of each instant, exact for instants between ``first`` and ``last`` (microseconds).

    Between two changes of the clock the local time is the UTC time plus a constant, so a handful of cases is enough.
    """
    segments = _segments(zone, first, last)
    days = [(instants < until, _local_day(instants, offset)) for offset, until in segments[:-1]]
    otherwise = _local_day(instants, segments[-1][0])
    return case(*days, else_=otherwise) if days else otherwise


def _local_day(instants: SQLColumnExpression[int], offset: int) -> ColumnElement[int]:
    # SQL divides towards zero: a day before 1970 comes out right only as a number of days since long before
    return cast((instants + literal(offset + LONG_BEFORE * DAY)) // literal(DAY) - literal(LONG_BEFORE), Integer)


def _segments(zone: ZoneInfo, first: int, last: int) -> list[tuple[int, int]]:
    """(offset, until) in microseconds for each stretch of time with one UTC offset; the last one has no end."""
    last = max(first, last)
    start = first - DAY  # a change may matter some hours after it was made
    offset = _offset(from_micros(start), zone)
    segments = []
    for year in range(from_micros(start).year, from_micros(last).year + 1):
        for change, after in _changes(zone, year):
            if start < change <= last:
                segments.append((offset, change))
                offset = after
    return [*segments, (offset, last)]


@lru_cache(maxsize=4096)
def _changes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """(instant, offset from then on) of each change of the clock in a year of UTC: no two lie within one day.

    Where the clock goes back to the day before, the change does not matter until that day is over.
    """
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    days = (start + timedelta(days=number) for number in range((end - start).days + 1))
    changes = []
    for day, next_day in pairwise(days):
        before, after = _offset(day, zone), _offset(next_day, zone)
        if before != after:
            change = to_micros(_change_between(day, next_day, zone))
            begun = (change - 1 + before) // DAY
            changes.append((max(change, begun * DAY - after), after))
    return tuple(changes)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant with the later of two offsets."""
    offset = _offset(before, zone)
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
