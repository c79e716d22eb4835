from __future__ import annotations

from nicegui import ui

from components.formats import MISSING
from components.info_tip import InfoTip
from components.text import Text
from components.trend_badge import Polarity, TrendBadge
from services.schemas import Trend


class MetricCard(ui.element, default_classes='card'):
    """One number with its name, its formula and what changed. Unchanged parts send nothing to the browser."""

    def __init__(self, title: str, formula: str, *, key: str, rising_is: Polarity | None = None) -> None:
        """:param rising_is: what an increase means; ``None`` for a number without a trend."""
        super().__init__('div')
        self._trend: TrendBadge | None = None
        with self:
            with ui.element('dt').classes('card-title'):
                Text('span', title)
                InfoTip(title, formula)
            self._value = Text('dd', MISSING).classes('card-value').mark(f'metric-{key}')
            with ui.element('dd').classes('card-note'):
                self._note = Text('span').mark(f'note-{key}')
                if rising_is:
                    self._trend = TrendBadge(rising_is=rising_is).mark(f'trend-{key}')

    def show(self, value: str, *, note: str = '', trend: Trend | None = None) -> None:
        self._value.set_text(value)
        self._note.set_text(note)
        if self._trend is not None:
            self._trend.set_visibility(trend is not None)
            if trend is not None:
                self._trend.show(trend)
