from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, create_engine, insert, select

from services.calendar import day_expression, day_from_number, day_number, day_of, day_start, time_zone
from services.clock import from_micros, to_micros
from services.database import Database
from services.errors import InvalidRequest

HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)

ZONES = [
    'UTC',
    'Europe/Berlin',
    'America/Los_Angeles',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'America/Sao_Paulo',
    'Asia/Beirut',
    'Africa/Cairo',
    'America/Havana',
    'Africa/Casablanca',
    'Pacific/Apia',
    'Pacific/Kiritimati',
    'Antarctica/Troll',
    'Asia/Pyongyang',
    'America/Nuuk',
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    """The first instants with a new offset: looked for on every day, then on every quarter of an hour."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = []
    for begin, end in pairwise(days):
        if begin.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset():
            quarters = [begin + number * HOUR / 4 for number in range(97)]
            offsets = [quarter.astimezone(zone).utcoffset() for quarter in quarters]
            found += [quarters[n] for n in range(1, 97) if offsets[n] != offsets[n - 1]]
    return found


def around(instants: list[datetime]) -> list[datetime]:
    offsets = [timedelta(), MICROSECOND, HOUR / 2, HOUR, 2 * HOUR, 12 * HOUR, timedelta(days=1)]
    return sorted({instant + sign * offset for instant in instants for offset in offsets for sign in (1, -1)})


INSTANTS = Table('instants', MetaData(), Column('at', BigInteger), prefixes=['TEMPORARY'])


@pytest.fixture(scope='module')
def engine() -> Iterator[Engine]:
    engine = create_engine('sqlite://')
    yield engine
    engine.dispose()


def assert_same_days(instants: list[datetime], zone: ZoneInfo, engine: Engine) -> None:
    """The database computes the days that Python does, told no more than the span of the instants."""
    first, last = to_micros(min(instants)), to_micros(max(instants))
    with engine.begin() as connection:
        INSTANTS.create(connection)
        connection.execute(insert(INSTANTS), [{'at': to_micros(instant)} for instant in instants])
        days = connection.execute(select(INSTANTS.c.at, day_expression(INSTANTS.c.at, zone, first=first, last=last)))
        found = {from_micros(at): day_from_number(number) for at, number in days}
        INSTANTS.drop(connection)
    assert found == {instant: day_of(instant, zone) for instant in instants}


@pytest.mark.parametrize('name', ZONES)
def test_the_database_and_python_agree_on_the_day_around_every_change_of_the_clock(name: str, engine: Engine) -> None:
    zone = ZoneInfo(name)
    found = changes(zone, at('2009-01-01T00:00Z'), at('2027-01-01T00:00Z'))
    midnights = [from_micros(day_start(day_of(change, zone), zone)) for change in found]
    assert_same_days(around([*found, *midnights, at('2026-11-23T00:00Z')]), zone, engine)


def test_both_databases_agree_with_python_on_the_day(database: Database) -> None:
    for name in ('Europe/Berlin', 'America/Havana', 'Asia/Kathmandu'):
        zone = ZoneInfo(name)
        found = changes(zone, at('2026-01-01T00:00Z'), at('2027-01-01T00:00Z'))
        assert_same_days(around([*found, at('2026-11-23T00:00Z')]), zone, database.engine)


@pytest.mark.parametrize('change', ['2026-03-29T01:00Z', '2026-10-25T01:00Z'])
@pytest.mark.parametrize(
    'margin', [timedelta(), MICROSECOND, HOUR, timedelta(days=7), timedelta(days=7, microseconds=1)]
)
def test_a_span_that_begins_or_ends_at_a_change_is_exact(change: str, margin: timedelta, engine: Engine) -> None:
    zone, instant = ZoneInfo('Europe/Berlin'), at(change)
    assert_same_days([instant - margin, instant], zone, engine)
    assert_same_days([instant, instant + margin], zone, engine)
    assert_same_days([instant - margin - MICROSECOND, instant + margin], zone, engine)


def test_two_changes_within_a_week_are_both_seen(engine: Engine) -> None:
    """Recife's summer time of 2000 lasted from the 8th to the 15th of October."""
    zone = ZoneInfo('America/Recife')
    assert changes(zone, at('2000-10-01T00:00Z'), at('2000-11-01T00:00Z')) == [
        at('2000-10-08T03:00Z'),
        at('2000-10-15T02:00Z'),
    ]
    instants = around([at('2000-10-08T03:00Z'), at('2000-10-12T02:30Z'), at('2000-10-15T02:00Z')])
    assert_same_days([at('2000-10-01T02:30Z'), *instants, at('2000-11-01T00:00Z')], zone, engine)


def test_the_day_before_1970_begins_is_known_west_of_greenwich(engine: Engine) -> None:
    assert_same_days([at('1970-01-01T00:00Z'), at('1970-01-01T12:00Z')], ZoneInfo('America/Los_Angeles'), engine)


def test_a_span_of_one_instant_and_one_of_decades_are_exact(engine: Engine) -> None:
    zone = ZoneInfo('Europe/Berlin')
    assert_same_days([at('2026-11-22T23:00Z')], zone, engine)
    assert_same_days([at('1980-06-01T22:30Z'), at('2026-11-22T22:59:59Z'), at('2026-11-22T23:00Z')], zone, engine)


@pytest.mark.parametrize(
    ('zone', 'day', 'start'),
    [
        ('UTC', '2026-11-23', '2026-11-23T00:00Z'),
        ('Asia/Kathmandu', '2026-11-23', '2026-11-22T18:15Z'),
        ('America/Los_Angeles', '2026-11-01', '2026-11-01T07:00Z'),
        ('America/Los_Angeles', '2026-11-02', '2026-11-02T08:00Z'),
        # the clock goes from 00:00 to 01:00: there is no midnight
        ('America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00Z'),
        ('Asia/Beirut', '2026-03-29', '2026-03-28T22:00Z'),
        ('Africa/Cairo', '2026-04-24', '2026-04-23T22:00Z'),
        ('America/Havana', '2026-03-08', '2026-03-08T05:00Z'),
        # the clock goes from 01:00 back to 00:00: midnight comes twice, and the first counts
        ('America/Havana', '2026-11-01', '2026-11-01T04:00Z'),
        # the clock goes from 24:00 back to 23:00: the day before has 25 hours
        ('America/Sao_Paulo', '2018-02-18', '2018-02-18T03:00Z'),
        ('Asia/Beirut', '2026-10-25', '2026-10-24T22:00Z'),
        ('Africa/Cairo', '2026-10-30', '2026-10-29T22:00Z'),
        # Samoa went over the date line: after the 29th of December 2011 came the 31st
        ('Pacific/Apia', '2011-12-29', '2011-12-29T10:00Z'),
        ('Pacific/Apia', '2011-12-30', '2011-12-30T10:00Z'),
        ('Pacific/Apia', '2011-12-31', '2011-12-30T10:00Z'),
    ],
)
def test_a_day_begins_with_its_first_instant(zone: str, day: str, start: str) -> None:
    assert from_micros(day_start(date.fromisoformat(day), ZoneInfo(zone))) == at(start)


@pytest.mark.parametrize('name', ZONES)
def test_a_day_lasts_until_the_next_one_begins(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(zone, at('2009-01-01T00:00Z'), at('2027-01-01T00:00Z')):
        for instant in around([change]):
            day = day_of(instant, zone)
            assert day_start(day, zone) <= to_micros(instant) < day_start(day + timedelta(days=1), zone), instant


def test_samoa_has_no_30th_of_december_2011() -> None:
    zone = ZoneInfo('Pacific/Apia')
    assert day_start(date(2011, 12, 30), zone) == day_start(date(2011, 12, 31), zone)
    assert day_of(at('2011-12-30T09:59:59.999999Z'), zone) == date(2011, 12, 29)
    assert day_of(at('2011-12-30T10:00Z'), zone) == date(2011, 12, 31)


@pytest.mark.parametrize(
    ('name', 'midnight', 'back', 'again'),
    [
        ('America/St_Johns', '2010-11-07T02:30Z', '2010-11-07T02:31Z', '2010-11-07T03:30Z'),
        ('America/Goose_Bay', '2010-11-07T03:00Z', '2010-11-07T03:01Z', '2010-11-07T04:00Z'),
        ('America/Moncton', '2006-10-29T03:00Z', '2006-10-29T03:01Z', '2006-10-29T04:00Z'),
        ('Antarctica/Casey', '2010-03-04T13:00Z', '2010-03-04T15:00Z', '2010-03-04T16:00Z'),
    ],
)
def test_a_day_that_has_begun_goes_on_where_the_clock_goes_back_to_the_day_before(
    name: str, midnight: str, back: str, again: str, engine: Engine
) -> None:
    """Newfoundland changed its clock at 00:01 until 2011: from there back to 23:01 of the day before."""
    zone = ZoneInfo(name)
    day = at(midnight).astimezone(zone).date()
    assert at(back).astimezone(zone).date() == day - timedelta(days=1), 'what the clock shows'
    assert from_micros(day_start(day, zone)) == at(midnight)
    for instant in around([at(midnight), at(back), at(again)]):
        assert day_start(day_of(instant, zone), zone) <= to_micros(instant)
        assert to_micros(instant) < day_start(day_of(instant, zone) + timedelta(days=1), zone)
    assert {day_of(at(instant), zone) for instant in (midnight, back, again)} == {day}
    assert_same_days(around([at(midnight), at(back), at(again)]), zone, engine)
    assert_same_days([at(back), at(back) + HOUR / 2, at(again), at(again) + HOUR], zone, engine)


def test_a_midnight_that_the_clock_leaps_over_is_where_it_leaps() -> None:
    """Toronto went from 23:30 to 00:30 in 1919: no zone has done so since 1970, but one may."""
    zone = ZoneInfo('America/Toronto')
    assert from_micros(day_start(date(1919, 3, 31), zone)) == at('1919-03-31T04:30Z')


@pytest.mark.parametrize('day', [date(1969, 12, 31), date(1970, 1, 1), date(2026, 11, 23), date(2200, 12, 31)])
def test_a_days_number_leads_back_to_the_day(day: date) -> None:
    assert day_from_number(day_number(day)) == day
    assert day_start(day, ZoneInfo('UTC')) == day_number(day) * 86_400_000_000
    assert from_micros(day_start(day, ZoneInfo('UTC'))) == datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.parametrize(
    'name', ['', 'Mars/Base', '../etc/passwd', '/etc/localtime', 'a\0b', 'Europe', 'x' * 5_000], ids=ascii
)
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        time_zone(name)
    assert refused.value.field == 'time_zone'
