"""Time as a parameter: whoever needs "now" is given a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]
"""Returns the present instant, aware and in UTC."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def system_clock() -> datetime:
    return datetime.now(UTC)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 in UTC, exact: how instants are stored."""
    return (instant - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def rfc3339(instant: datetime) -> str:
    """``2026-11-23T08:00:00.000Z``; finer digits are cut off."""
    return micros_rfc3339(to_micros(instant))


def micros_rfc3339(micros: int) -> str:
    """The same of an instant as it is stored; thousands of boards show such in each second."""
    seconds, millis = divmod(micros // 1000, 1000)
    hours, second = divmod(seconds, 3600)
    return f'{_hour(hours)}{_second(second)}.{millis:03}Z'


@lru_cache(maxsize=4096)
def _hour(hours: int) -> str:
    """The beginning of the text of all instants within that hour since 1970."""
    return (EPOCH + timedelta(hours=hours)).isoformat()[: len('2026-11-23T08:')]


@lru_cache(maxsize=3600)
def _second(number: int) -> str:
    """Minute and second of that second of an hour."""
    return f'{number // 60:02}:{number % 60:02}'
