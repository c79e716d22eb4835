from __future__ import annotations

from nicegui import ui

from components.data_age import DataAge
from components.formats import MISSING, NumberKind
from components.info_tip import InfoTip
from components.text import Text
from components.trend_badge import Polarity, TrendBadge
from services.schemas import Trend


class MetricCard(ui.element, default_classes='card'):
    """One number with its name, its formula and what changed. Unchanged parts send nothing to the browser."""

    def __init__(
        self,
        title: str,
        formula: str,
        *,
        key: str,
        kind: NumberKind,
        trend: str | None = None,
        rising_is: Polarity = 'good',
    ) -> None:
        """
        :param key: the number's name in the public payload: while the server cannot be reached otherwise, the browser
            asks for it by REST, and writes it as its kind is written.
        :param trend: the name of its trend, if it has one.
        :param rising_is: what an increase means.
        """
        super().__init__('div')
        self._trend: TrendBadge | None = None
        with self:
            with ui.element('dt').classes('card-title'):
                Text('span', title)
                DataAge('numbers')
                InfoTip(title, formula)
            self._value = Text('dd', MISSING).classes('card-value').mark(f'metric-{key}')
            self._value.props(f'data-value={key} data-kind={kind}')
            with ui.element('dd').classes('card-note'):
                self._note = Text('span').classes('card-words').mark(f'note-{key}')
                if trend:
                    self._trend = TrendBadge(key=trend, rising_is=rising_is).mark(f'trend-{key}')

    def show(self, value: str, *, note: str = '', trend: Trend | None = None) -> None:
        self._value.set_text(value)
        self._note.set_text(note)
        if self._trend is not None:
            self._trend.set_visibility(trend is not None)
            if trend is not None:
                self._trend.show(trend)
