from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from app.pages.zone_names import zone_called, zone_names


def test_places_are_offered_and_utc_first() -> None:
    names = zone_names()
    assert names[0] == 'UTC'
    assert {'Europe/Berlin', 'Asia/Tokyo', 'America/Argentina/Buenos_Aires'} <= set(names)
    assert not any(name.startswith(('Etc/', 'posix', 'right')) for name in names)
    assert all(ZoneInfo(name) for name in names)


@pytest.mark.parametrize(
    ('typed', 'zone'),
    [
        ('Asia/Tokyo', 'Asia/Tokyo'),
        (' asia/tokyo ', 'Asia/Tokyo'),
        ('tokyo', 'Asia/Tokyo'),
        ('new york', 'America/New_York'),
        ('America/New York', 'America/New_York'),
        ('utc', 'UTC'),
        ('Mars/Base', 'Mars/Base'),
        ('Louisville', 'Louisville'),  # two zones are called so
        ('', ''),
        ('/', '/'),
        ('o', 'o'),
    ],
)
def test_what_is_typed_is_taken_as_it_is_meant(typed: str, zone: str) -> None:
    assert zone_called(typed, zone_names()) == zone
