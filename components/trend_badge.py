from __future__ import annotations

from typing import Literal

from nicegui import ui

from components.element_state import replace_class
from components.text import Text
from services.schemas import Trend

Polarity = Literal['good', 'bad']
WORDS = {Trend.INCREASING: 'Increasing', Trend.STABLE: 'Stable', Trend.DECREASING: 'Decreasing'}
ARROWS = {Trend.INCREASING: '↑', Trend.STABLE: '→', Trend.DECREASING: '↓'}
PERIOD = 'vs the 7 days before'


class TrendBadge(ui.element, default_classes='trend trend-neutral'):
    """A change in words and with an arrow; what it means for the business, not its direction, sets the tint."""

    def __init__(self, *, key: str, rising_is: Polarity) -> None:
        """:param key: its name in the public payload."""
        super().__init__('span')
        self.props(f'data-trend={key} data-rising={rising_is}')
        self._rising_is = rising_is
        self._tone = 'trend-neutral'
        with self:
            self._arrow = Text('span').classes('trend-arrow').props('aria-hidden=true')
            self._word = Text('span').classes('trend-word')
            self._period = Text('span').classes('trend-period')

    def show(self, trend: Trend) -> None:
        self._arrow.set_text(ARROWS[trend])
        self._word.set_text(WORDS[trend])
        self._period.set_text(PERIOD)
        tone = f'trend-{self._meaning(trend)}'
        replace_class(self, self._tone, tone)
        self._tone = tone

    def _meaning(self, trend: Trend) -> str:
        if trend is Trend.STABLE:
            return 'neutral'
        rising, falling = ('good', 'bad') if self._rising_is == 'good' else ('bad', 'good')
        return rising if trend is Trend.INCREASING else falling
