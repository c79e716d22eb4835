from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services import current_day
from services.calendar import day_of
from services.current_day import CurrentDay

ZONES = [
    ZoneInfo(name)
    for name in ('UTC', 'America/Los_Angeles', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'America/St_Johns')
]
"""The clock of St. John's went back over midnight until 2011."""


@pytest.mark.parametrize('around', [datetime(2026, 11, 1, tzinfo=UTC), datetime(2010, 11, 7, tzinfo=UTC)])
def test_it_is_the_day_the_calendar_says_whatever_was_asked_before(around: datetime) -> None:
    rng, days = random.Random(1), CurrentDay()
    for _ in range(2_000):
        instant, zone = around + timedelta(seconds=rng.randint(-86_400, 86_400)), rng.choice(ZONES)
        assert days.of(instant, zone) == day_of(instant, zone), (instant, zone)


def test_a_day_begins_with_its_first_instant_and_lasts_to_its_last() -> None:
    days, zone = CurrentDay(), ZoneInfo('Asia/Kathmandu')
    midnight = datetime(2026, 11, 23, tzinfo=zone).astimezone(UTC)
    before = midnight - timedelta(microseconds=1)
    for instant, number in ((before, 22), (midnight, 23), (before, 22), (midnight, 23)):
        assert days.of(instant, zone).day == number


def test_it_is_worked_out_once_a_day_for_each_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []

    def counting(instant: datetime, zone: ZoneInfo) -> object:
        asked.append(instant)
        return day_of(instant, zone)

    monkeypatch.setattr(current_day, 'day_of', counting)
    days, noon = CurrentDay(), datetime(2026, 11, 23, 12, tzinfo=UTC)
    for seconds in range(100):
        for zone in ZONES[:2]:
            days.of(noon + timedelta(seconds=seconds), zone)
    assert len(asked) == 2
