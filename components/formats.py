"""How numbers and days are written: in the reader's own way, which whoever shows them says first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal

NumberKind = Literal['count', 'percent', 'fraction']
"""How a number is written: each is also the name of its function below, and known to assets/polling.js."""

NBSP = '\u00a0'
MINUS = '\u2212'
MISSING = '–'


@dataclass(frozen=True, slots=True)
class DateFormat:
    """The order of a day's parts, and the hours of a day: patterns that plotly.js and assets/live.js write by as well.

    Months are English words, as the page is: 11/12 would be another day for every second reader.
    """

    day: str = '%-d %b %Y'
    short_day: str = '%-d %b'
    """Of a year that is known."""
    time: str = '%H:%M'


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The signs between the digits, and how they make a date."""

    decimal: str = '.'
    group: str = ','
    dates: DateFormat = DateFormat()


ENGLISH = NumberFormat()
_in_force: ContextVar[NumberFormat] = ContextVar('number format', default=ENGLISH)


@contextmanager
def written_as(numbers: NumberFormat) -> Iterator[None]:
    """Write numbers for this reader within the block, and in whatever it awaits."""
    before = _in_force.set(numbers)
    try:
        yield
    finally:
        _in_force.reset(before)


def number_format() -> NumberFormat:
    """That of the reader numbers are written for."""
    return _in_force.get()


def _written(english: str) -> str:
    """A number as Python writes it, in the reader's way and with the true minus sign."""
    numbers = _in_force.get()
    return english.translate(_signs(numbers.decimal, numbers.group))


@lru_cache(64)
def _signs(decimal: str, group: str) -> dict[int, int]:
    return str.maketrans('.,-', decimal + group + MINUS)


def count(number: int) -> str:
    return _written(f'{number:,}')


def tenths(number: float) -> str:
    """With one decimal."""
    return _written(f'{number:,.1f}')


def percent(value: float, *, decimals: int = 1) -> str:
    """``value`` is 0..100."""
    return _written(f'{Decimal(str(value)):.{decimals}f}{NBSP}%')


def fraction(value: float, *, decimals: int = 1) -> str:
    """``value`` is 0..1, with few decimals, and written as a percentage: exact halves stay exact."""
    return _written(f'{Decimal(str(value)) * 100:.{decimals}f}{NBSP}%')


def score(value: float) -> str:
    """A churn score as whole percent.

    Never rounded up onto a multiple of five, where a risk band may begin: 0.6999 is medium and must not read "70 %".
    """
    millionths = round(value * 1_000_000)
    whole = (millionths + 5_000) // 10_000
    if whole % 5 == 0 and millionths < whole * 10_000:
        whole -= 1
    return f'{whole}{NBSP}%'


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` in whole percent; a few of many are never "0 %", nearly all never "100 %"."""
    if part == 0 or whole == 0:
        return f'0{NBSP}%'
    exact = 100 * part / whole
    if exact < 1:
        return f'under 1{NBSP}%'
    return f'over 99{NBSP}%' if 99 < exact < 100 else f'{exact:.0f}{NBSP}%'


def account_value(value: float | None) -> str:
    """Without a currency: none is known, and none is guessed."""
    if value is None:
        return MISSING
    return _written(f'{value:,.0f}' if abs(value) >= 100 or value == int(value) else f'{value:,.2f}')


def points(millionths: int) -> str:
    """A difference of scores in percentage points, with its sign: as few decimals as tell it from none."""
    exact = Decimal(millionths) / 10_000
    text = f'{exact:+.1f}' if abs(exact) >= Decimal('0.1') else f'{exact:+.4f}'
    return _written(text.rstrip('0').rstrip('.'))


def percentage_points(change: float) -> str:
    """A difference of percentages without its sign; empty where it is less than a tenth of a point."""
    size = round(abs(change), 1)
    unit = 'percentage point' if size == 1 else 'percentage points'
    return f'{_written(f"{size:g}")} {unit}' if size else ''


def day(of: date) -> str:
    return _dated(of, _in_force.get().dates.day)


def short_day(of: date) -> str:
    """Of a year that is known."""
    return _dated(of, _in_force.get().dates.short_day)


def time_of_day(at: datetime) -> str:
    return _timed(at, _in_force.get().dates.time)


def moment(at: datetime) -> str:
    """A day and a time of it, in the zone that ``at`` is in."""
    return f'{day(at)}, {time_of_day(at)}'


@lru_cache(1024)
def _dated(of: date, pattern: str) -> str:
    return f'{of:{pattern.replace("%-d", str(of.day))}}'


def _timed(at: datetime, pattern: str) -> str:
    return f'{at:{pattern.replace("%-I", str(at.hour % 12 or 12))}}'


def reason(text: str) -> str:
    """ "- Long contract" with the true minus sign, and one space after the sign."""
    return f'{MINUS if text[:1] == "-" else text[:1]} {text[1:].strip()}'


def plural(number: int, one: str, many: str) -> str:
    return f'{count(number)} {one if number == 1 else many}'
