"""Time as a parameter: whoever needs "now" is given a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

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
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return f'{utc.isoformat(timespec="milliseconds")[:-6]}Z'
