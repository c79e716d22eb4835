"""``DashboardQuery``: which of a user's predictions are meant. The same everywhere: cards, lists, charts, exports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Self

from services.errors import InvalidRequest
from services.row_fields import BLANKS, NUMBER
from services.schemas import RiskLevel
from services.scores import MILLIONTH, ONE

DATE_KEYS = ('from', 'to', 'range')
FILTER_KEYS = ('risk', 'q', 'min_score', 'max_score', 'source')
MAX_TEXT = 100
MAX_SOURCE = 255
YEARS = range(1970, 2201)


class DateRange(StrEnum):
    """Days relative to today; "7d" is today and the six days before."""

    TODAY = 'today'
    DAYS_7 = '7d'
    DAYS_30 = '30d'
    DAYS_90 = '90d'
    ALL = 'all'

    @property
    def days(self) -> int | None:
        return {'today': 1, '7d': 7, '30d': 30, '90d': 90}.get(self.value)


@dataclass(frozen=True, kw_only=True)
class DashboardQuery:
    """Hashable, so that equal queries share one computation; an empty query means all predictions.

    Score bounds are millionths, both inclusive, already rounded inwards: of two between the same millionths the lower
    is thereby one above the higher, and nothing matches.
    """

    first_day: date | None = None
    last_day: date | None = None
    range: DateRange | None = None
    risk: tuple[RiskLevel, ...] = ()
    text: str | None = None
    min_score: int | None = None
    max_score: int | None = None
    source: str | None = None

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> Self:
        """Read the public keys, from JSON or from request parameters.

        :raises InvalidRequest: an unknown key or a bad value; names the key.
        """
        if not values:  # most ask for everything
            return cls()
        for key in values:
            if key not in (*DATE_KEYS, *FILTER_KEYS):
                known = ', '.join((*DATE_KEYS, *FILTER_KEYS))
                raise InvalidRequest(f'There is no such query key. Known keys: {known}.', field=str(key)[:MAX_TEXT])
        return cls()._with_dates(values)._with_filters(values)

    def with_filter(self, values: Mapping[str, object]) -> Self:
        """Replace everything but the dates; ``{}`` clears it.

        :raises InvalidRequest: names the key.
        """
        _refuse_unknown(values, FILTER_KEYS)
        bare = type(self)(first_day=self.first_day, last_day=self.last_day, range=self.range)
        return bare._with_filters(values)

    def with_dates(self, values: Mapping[str, object]) -> Self:
        """Replace the dates; ``{}`` clears them.

        :raises InvalidRequest: names the key.
        """
        _refuse_unknown(values, DATE_KEYS)
        return replace(self, first_day=None, last_day=None, range=None)._with_dates(values)

    def days(self, today: date) -> tuple[date | None, date | None]:
        """First and last day, both inclusive; ``None`` where there is no bound."""
        if self.range is None or self.range.days is None:
            return self.first_day, self.last_day
        return today - timedelta(days=self.range.days - 1), today

    def public(self) -> dict[str, object]:
        """The keys that are set, as :meth:`parse` reads them."""
        low, high = self._public_scores()
        pairs: dict[str, object | None] = {
            'from': self.first_day and self.first_day.isoformat(),
            'to': self.last_day and self.last_day.isoformat(),
            'range': self.range and self.range.value,
            'risk': [level.value for level in self.risk] or None,
            'q': self.text,
            'min_score': low,
            'max_score': high,
            'source': self.source,
        }
        return {key: value for key, value in pairs.items() if value is not None}

    def _public_scores(self) -> tuple[float | None, float | None]:
        low, high = self.min_score, self.max_score
        if low is not None and high is not None and low > high:  # any bound between the two reads back as both
            between = (low + high) / (2 * ONE)
            return between, between
        return None if low is None else low / ONE, None if high is None else high / ONE

    def _with_dates(self, values: Mapping[str, object]) -> Self:
        first, last = _day(values, 'from'), _day(values, 'to')
        relative = _range(values)
        if values.get('range') is not None and (first or last):
            raise InvalidRequest('Give either a range or from and to, not both.', field='range')
        if first and last and first > last:
            raise InvalidRequest(f'The first day, {first}, is after the last, {last}.', field='from')
        return replace(self, first_day=first, last_day=last, range=relative)

    def _with_filters(self, values: Mapping[str, object]) -> Self:
        low, high = _score(values, 'min_score'), _score(values, 'max_score')
        if low is not None and high is not None and low > high:
            raise InvalidRequest('The lowest score is above the highest.', field='min_score')
        return replace(
            self,
            risk=_risk(values),
            text=_text(values, 'q', MAX_TEXT),
            min_score=None if low is None else _millionths(low, ROUND_CEILING),
            max_score=None if high is None else _millionths(high, ROUND_FLOOR),
            source=_text(values, 'source', MAX_SOURCE),
        )


def _refuse_unknown(values: Mapping[str, object], known: tuple[str, ...]) -> None:
    for key in values:
        if key not in known:
            raise InvalidRequest(f'There is no such key here. Known keys: {", ".join(known)}.', field=str(key)[:100])


def _day(values: Mapping[str, object], key: str) -> date | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r'\d{4}-\d{2}-\d{2}', value, re.ASCII):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = date.min
        if day.year in YEARS:
            return day
    raise InvalidRequest(f'Not a day between {YEARS[0]} and {YEARS[-1]}: write it as 2026-11-23.', field=key)


def _range(values: Mapping[str, object]) -> DateRange | None:
    value = values.get('range')
    if value is None:
        return None
    if isinstance(value, str) and value in set(DateRange):
        return None if value == DateRange.ALL else DateRange(value)
    raise InvalidRequest(f'Not a range. Known ranges: {", ".join(DateRange)}.', field='range')


def _risk(values: Mapping[str, object]) -> tuple[RiskLevel, ...]:
    value = values.get('risk')
    if value is None:
        return ()
    names = value.split(',') if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise InvalidRequest('Name at least one of low, medium and high.', field='risk')
    flat = [part.strip() for name in names for part in (name.split(',') if isinstance(name, str) else [''])]
    if not set(flat) <= set(RiskLevel):
        raise InvalidRequest('Risk is any of low, medium and high.', field='risk')
    return tuple(level for level in RiskLevel if level.value in flat)


def _text(values: Mapping[str, object], key: str, longest: int) -> str | None:
    value = values.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= longest or '\0' in value or not _encodable(value):
        raise InvalidRequest(f'A text of 1 to {longest} characters is needed.', field=key)
    return value


def _encodable(value: str) -> bool:
    """Whether no lone surrogate stands in it: JSON may carry one, no database takes it."""
    return not any('\ud800' <= character <= '\udfff' for character in value)


def _score(values: Mapping[str, object], key: str) -> Decimal | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) <= MAX_TEXT:
        text = str(value).strip(BLANKS)
        if NUMBER.fullmatch(text) and (score := Decimal(text)) <= 1:
            return score
    raise InvalidRequest('A score from 0 to 1 is needed.', field=key)


def _millionths(bound: Decimal, rounding: str) -> int:
    return int(bound.quantize(MILLIONTH, rounding=rounding).scaleb(6))


EVERYTHING = DashboardQuery()


def asks_for_everything(query: DashboardQuery) -> bool:
    """Whether it is empty; nearly always the very one that connections begin with."""
    return query is EVERYTHING or query == EVERYTHING


"""All predictions: what most people look at, most of the time."""
