"""RFC 3339 instants, read exactly: integers only, so that no digit is lost and no time zone is guessed."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from services.calendar import DAY, day_number
from services.memo import Memo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

INSTANT = re.compile(
    r'([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]'
    r'([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]+))?'
    r'(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))?'
)
FRACTION = re.compile(r'(.{6})\.([0-9]{1,6})([^0-9].*)')
EXAMPLE = '2026-11-23T08:00:00Z'
TO_THE_HOUR = len('2026-11-23T08')
SOME_HOUR = '2000-01-01T00'


def instant(text: str) -> int:
    """Microseconds since 1970 in UTC; finer digits are cut off.

    :raises ValueError: with a sentence for whoever wrote the text.
    """
    try:
        micros = HOURS[text[:TO_THE_HOUR]] + REST[text[TO_THE_HOUR:]]
    except ValueError:
        return _any_form(text)  # which knows best what is wrong
    return micros if micros >= 0 else _any_form(text)


def _hour(text: str) -> int:
    return _any_form(f'{text}:00:00Z')


def _rest(text: str) -> int:
    """What minutes, seconds and offset add to the hour they stand behind."""
    fraction = FRACTION.fullmatch(text)
    if fraction:
        time, digits, offset = fraction.groups()
        return REST[time + offset] + int(digits.ljust(6, '0'))
    return _any_form(f'{SOME_HOUR}{text}') - HOURS[SOME_HOUR]


HOURS = Memo(_hour, size=32_768, longest=TO_THE_HOUR)
REST = Memo(_rest, size=16_384, longest=len(':00:00+02:00'))
"""An instant is its hour plus the rest, and both recur: two look-ups instead of reading every digit."""


def _any_form(text: str) -> int:
    match = INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f'Write the time as date, time and offset from UTC, such as {EXAMPLE}.')
    day, hours, minutes, seconds, fraction, sign, offset_hours, offset_minutes = match.groups()
    micros = _day_start(day) + int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND
    if seconds == '60':
        raise ValueError('Leap seconds (second 60) cannot be kept: use second 59.')
    if fraction:
        micros += int(fraction[:6].ljust(6, '0'))
    if sign:
        offset = int(offset_hours) * HOUR + int(offset_minutes) * MINUTE
        micros += offset if sign == '-' else -offset
    elif text[-1] not in 'Zz':
        raise ValueError(f'The time has no offset from UTC: add Z for UTC or one such as +02:00, as in {EXAMPLE}.')
    if micros < 0:
        raise ValueError('The time lies before 1970: check the date.')
    return micros


@lru_cache(maxsize=1024)
def _day_start(day: str) -> int:
    try:
        return day_number(date.fromisoformat(day)) * DAY
    except ValueError as error:
        raise ValueError(f'There is no day {day}: check the date.') from error
