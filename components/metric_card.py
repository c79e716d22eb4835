from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.data_age import data_age
from components.formats import NumberKind
from components.info_tip import info_tip
from components.markup import Node, tag
from components.sparkline import sparkline
from components.trend_badge import TrendBadge
from services.schemas import DayFigures, Trend

SPARK_DAYS = 30
NO_EARLIER = 'No earlier data'


@dataclass(frozen=True)
class Face:
    """What a card says now."""

    value: str
    """As the reader has numbers written, as is the note."""
    note: str = ''
    trend: Trend | None = None
    """``None``: there is none now."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a number went, day by day."""

    change: Callable[[Sequence[DayFigures]], str | None]
    """In words; ``None``: there is nothing to compare."""
    against: str
    """What the change is to be understood against, behind its words."""
    value: Callable[[DayFigures], float | None]
    line: str
    """What is compared, and what the line shows, for the tip."""
    from_zero: bool = False

    def draw(self, days: Sequence[DayFigures] | None) -> list[Node]:
        words, line = '', None
        if days is not None:
            change = self.change(days)
            words = NO_EARLIER if change is None else f'{change} {self.against}'.rstrip()
            line = sparkline([self.value(day) for day in days[-SPARK_DAYS:]], from_zero=self.from_zero)
        return [tag('dd', 'card-change', tag('span', 'card-words', words)), tag('dd', 'card-spark', line)]

    def can_tell(self, days: Sequence[DayFigures] | None) -> bool:
        """Whether there is anything to compare, as far as is known."""
        return days is None or self.change(days) is not None


@dataclass(frozen=True, kw_only=True)
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

    def draw(self, face: Face, *, days: Sequence[DayFigures] | None, href: str | None, zone: str) -> Node:
        """
        :param days: oldest first; ``None``: they are not known yet.
        :param href: the view of what is counted.
        :param zone: the reader's, for the tip.
        """
        tells = self.course is None or self.course.can_tell(days)
        badge = self.trend.draw(face.trend) if self.trend and face.trend and tells else None
        title = tag('a', 'card-link', self.title, href=href, data_view='') if href else tag('span', '', self.title)
        tip = info_tip(self.title, self._explanation(zone), key=self.key)
        return tag(
            'div',
            f'card card-{self.key}',
            tag('dt', 'card-title', title, data_age('numbers'), tip),
            tag('dd', 'card-value', face.value, data_value=self.key, data_kind=self.kind),
            tag('dd', 'card-note', tag('span', 'card-words', face.note), badge),
            *(self.course.draw(days) if self.course else ()),
        )

    def _explanation(self, zone: str) -> str:
        line = f' {self.course.line} of the last {SPARK_DAYS}.' if self.course else ''
        days = f' Days are those in {zone}.' if zone else ''
        return f'{self.formula}{line}{days}'
