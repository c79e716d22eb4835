"""Which day it is in each zone, worked out once a day instead of at every question."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.calendar import day_of, day_start
from services.clock import from_micros


class CurrentDay:
    """Remembers of each zone the day that was asked for last, and from when to when it lasts."""

    def __init__(self) -> None:
        self._days: dict[str, tuple[datetime, datetime, date]] = {}

    def of(self, instant: datetime, zone: ZoneInfo) -> date:
        """The same as :func:`services.calendar.day_of`."""
        return self._at(instant, zone)[2]

    def ends(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """When the next day begins there."""
        return self._at(instant, zone)[1]

    def _at(self, instant: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, date]:
        known = self._days.get(zone.key)
        if known and known[0] <= instant < known[1]:
            return known
        day = day_of(instant, zone)
        first, last = (from_micros(day_start(each, zone)) for each in (day, day + timedelta(days=1)))
        self._days[zone.key] = (first, last, day)
        return first, last, day
