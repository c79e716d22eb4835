"""The day number of many instants, fast: the days' starts in a sorted list."""

from __future__ import annotations

from bisect import bisect_right
from zoneinfo import ZoneInfo

from services.calendar import day_from_number, day_number, day_of, day_start
from services.clock import from_micros

REACH = 40
"""Days looked up beyond the one that was asked for."""


class DayIndex:
    """The calendar of one zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._first = 0
        self._starts: list[int] = []

    def day(self, at: int) -> int:
        """The number of the day that an instant (microseconds) belongs to."""
        starts = self._starts
        if not starts or not starts[0] <= at < starts[-1]:
            self._reach(at)
            starts = self._starts
        return self._first + bisect_right(starts, at) - 1

    def bounds(self, day: int) -> tuple[int, int]:
        """The first instant of a day, and the first after it."""
        return self._start(day), self._start(day + 1)

    def _reach(self, at: int) -> None:
        day = day_number(day_of(from_micros(at), self._zone))
        first, last = day - REACH, day + REACH
        if self._starts:
            first, last = min(first, self._first), max(last, self._first + len(self._starts) - 1)
        self._first = first
        self._starts = [self._start(number) for number in range(first, last + 1)]

    def _start(self, day: int) -> int:
        return day_start(day_from_number(day), self._zone)
