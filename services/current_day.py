"""Which day it is in each zone, worked out once a day instead of at every question."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.calendar import day_of, day_start
from services.clock import to_micros


class CurrentDay:
    """Remembers of each zone the day that was asked for last, and from when to when it lasts."""

    def __init__(self) -> None:
        self._days: dict[str, tuple[int, int, date]] = {}

    def of(self, instant: datetime, zone: ZoneInfo) -> date:
        """The same as :func:`services.calendar.day_of`."""
        at = to_micros(instant)
        start, end, day = self._days.get(zone.key, (0, 0, date.min))
        if not start <= at < end:
            day = day_of(instant, zone)
            start, end = day_start(day, zone), day_start(day + timedelta(days=1), zone)
            self._days[zone.key] = (start, end, day)
        return day
