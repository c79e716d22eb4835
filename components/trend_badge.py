from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from components.markup import Encoded, encoded, tag
from services.schemas import Trend

Polarity = Literal['good', 'bad']
WORDS = {Trend.INCREASING: 'Increasing', Trend.STABLE: 'Stable', Trend.DECREASING: 'Decreasing'}
ARROWS = {Trend.INCREASING: '↑', Trend.STABLE: '→', Trend.DECREASING: '↓'}
PERIOD = 'vs the 7 days before'


@dataclass(frozen=True)
class TrendBadge:
    """A change in words and with an arrow; what it means for the business, not its direction, sets the tint."""

    key: str
    """Its name in the public payload."""
    rising_is: Polarity = 'good'
    """What an increase means."""
    period: str = PERIOD
    """What it is compared with; empty where that is said beside it."""

    @lru_cache(64)  # noqa: B019 -- badges are few, and for ever
    def draw(self, trend: Trend) -> Encoded:
        return encoded(
            tag(
                'span',
                f'trend trend-{self._meaning(trend)}',
                tag('span', 'trend-arrow', ARROWS[trend], aria_hidden='true'),
                tag('span', 'trend-word', WORDS[trend]),
                tag('span', 'trend-period', self.period),
                data_trend=self.key,
                data_rising=self.rising_is,
            )
        )

    def _meaning(self, trend: Trend) -> str:
        if trend is Trend.STABLE:
            return 'neutral'
        rising, falling = ('good', 'bad') if self.rising_is == 'good' else ('bad', 'good')
        return rising if trend is Trend.INCREASING else falling
