from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from components.data_age import data_age
from components.formats import MISSING, NumberKind
from components.info_tip import info_tip
from components.markup import Encoded, encoded, tag
from components.sparkline import sparkline
from components.template import Template, place
from components.trend_badge import TrendBadge
from services.schemas import DayFigures, Trend

SPARK_DAYS = 30
NO_EARLIER = 'No earlier data'


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """How a number went, day by day."""

    change: Callable[[Sequence[DayFigures]], str | None]
    """In words; ``None``: there is nothing to compare."""
    words: str
    """What the change is put into, and what it is to be understood against."""
    value: Callable[[DayFigures], float | None]
    line: str
    """What is compared, and what the line shows, for the tip."""
    from_zero: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class MetricCard:
    """One number with its name, its formula and what changed."""

    key: str
    """The number's name in the public payload: while the server cannot be reached otherwise, the browser asks for it by
    REST, and writes it as its kind is written."""
    title: str
    formula: str
    kind: NumberKind = 'count'
    trend: TrendBadge | None = None
    """If the number has one."""
    course: Course | None = None
    """Of the cards that lead."""

    def explanation(self, zone: str) -> str:
        """What the number is, of which time, and in whose days."""
        line = f' {self.course.line} of the last {SPARK_DAYS}.' if self.course else ''
        days = f' Days are those in {zone}.' if zone else ''
        return f'{self.formula}{line}{days}'


class Reading(NamedTuple):
    """What a card says at a time."""

    card: MetricCard
    value: str = MISSING
    """As the reader has numbers written, as is the note beside it."""
    note: str = ''
    trend: Trend | None = None
    """``None``: there is none now."""
    change: str = ''
    line: tuple[float | None, ...] = ()
    """The number on each day, oldest first."""
    href: str = ''
    """The view of what is counted."""

    def over(self, days: Sequence[DayFigures]) -> Reading:
        """The same with how it went. Where nothing came before, no trend is claimed either."""
        course = self.card.course
        if course is None:
            return self
        change, line = course.change(days), tuple(map(course.value, days[-SPARK_DAYS:]))
        if change is None:
            return self._replace(change=NO_EARLIER, line=line, trend=None)
        words = course.words.format(change)
        return self._replace(change=words[:1].upper() + words[1:], line=line)


def metric_card(reading: Reading, *, zone: str) -> Encoded:
    """:param zone: the reader's, whose days they are."""
    card, badge, course = reading.card, reading.card.trend, reading.card.course
    return _template(card).filled(
        title=_title(card, reading.href, zone),
        value=reading.value,
        note=reading.note,
        trend=badge.draw(reading.trend) if badge and reading.trend else None,
        change=reading.change,
        line=sparkline(reading.line, from_zero=course.from_zero) if course else None,
    )


@lru_cache(64)
def _template(card: MetricCard) -> Template:
    course = (
        tag('dd', 'card-change', tag('span', 'card-words', place('change'))),
        tag('dd', 'card-spark', place('line')),
    )
    return Template(
        tag(
            'div',
            f'card card-{card.key}',
            place('title'),
            tag('dd', 'card-value', place('value'), data_value=card.key, data_kind=card.kind),
            tag('dd', 'card-note', tag('span', 'card-words', place('note')), place('trend')),
            *(course if card.course else ()),
        )
    )


@lru_cache(512)
def _title(card: MetricCard, href: str, zone: str) -> Encoded:
    name = tag('a', 'card-link', card.title, href=href, data_view='') if href else tag('span', '', card.title)
    tip = info_tip(card.title, card.explanation(zone), key=card.key)
    return encoded(tag('dt', 'card-title', name, data_age('numbers'), tip))
