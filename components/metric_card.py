from __future__ import annotations

from dataclasses import dataclass

from components.data_age import data_age
from components.formats import NumberKind
from components.info_tip import info_tip
from components.markup import Node, tag
from components.trend_badge import TrendBadge
from services.schemas import Trend


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

    def draw(self, value: str, *, note: str = '', trend: Trend | None = None) -> Node:
        """
        :param value: as the reader has numbers written, as is the note beside it.
        :param trend: ``None``: there is none now.
        """
        badge = self.trend.draw(trend) if self.trend and trend else None
        return tag(
            'div',
            f'card card-{self.key}',
            tag(
                'dt',
                'card-title',
                tag('span', '', self.title),
                data_age('numbers'),
                info_tip(self.title, self.formula, key=self.key),
            ),
            tag('dd', 'card-value', value, data_value=self.key, data_kind=self.kind),
            tag('dd', 'card-note', tag('span', 'card-words', note), badge),
        )
