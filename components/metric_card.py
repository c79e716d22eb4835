from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from components.data_age import data_age
from components.formats import MISSING, NumberKind
from components.info_tip import info_tip
from components.markup import Encoded, Node, encoded, tag
from components.trend_badge import TrendBadge
from services.schemas import Trend


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


@dataclass(frozen=True)
class Reading:
    """What a card says at a time."""

    card: MetricCard
    value: str = MISSING
    """As the reader has numbers written, as is the note beside it."""
    note: str = ''
    trend: Trend | None = None
    """``None``: there is none now."""


def metric_card(reading: Reading) -> Node:
    card, badge = reading.card, reading.card.trend
    trend = badge.draw(reading.trend) if badge and reading.trend else None
    return tag(
        'div',
        f'card card-{card.key}',
        _title(card),
        tag('dd', 'card-value', reading.value, data_value=card.key, data_kind=card.kind),
        tag('dd', 'card-note', tag('span', 'card-words', reading.note), trend),
    )


@cache
def _title(card: MetricCard) -> Encoded:
    tip = info_tip(card.title, card.formula, key=card.key)
    return encoded(tag('dt', 'card-title', tag('span', '', card.title), data_age('numbers'), tip))
