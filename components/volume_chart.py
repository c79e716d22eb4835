from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from components.chart_layout import LEVELS, Figure, column, dates_of, day_axis, day_bars, figure
from components.chart_table import TableRow
from components.findings import volume_finding, volume_sentence
from components.formats import MISSING, count, day, fraction
from components.lazy_chart import LazyChart, Picture
from services.schemas import DayFigures


class VolumeChart(LazyChart):
    """How many predictions there are a day, by their risk."""

    def __init__(self) -> None:
        columns = ('Day', 'Predictions', 'High', 'Medium', 'Low', 'Mean score')
        super().__init__('Predictions a day', name='volume', columns=columns)

    def show_days(self, days: Sequence[DayFigures], *, span: object, today: date) -> None:
        """:param span: the days that were asked for."""
        self.show(
            Picture(
                of=(days, span),
                finding=volume_finding(days, today=today),
                sentence=volume_sentence(days, today=today),
                figure=lambda: predictions_a_day(days, span=span),
                rows=lambda: [_row(each) for each in reversed(days)],
            )
        )


def predictions_a_day(days: Sequence[DayFigures], *, span: object) -> Figure:
    dates = dates_of(days)
    return figure(
        [day_bars(level, dates, column(level, days)) for level in LEVELS],
        x=day_axis(dates, span),
        barmode='stack',
        hovermode='x unified',
    )


def _row(of: DayFigures) -> TableRow:
    mean = MISSING if of.avg_churn_score is None else fraction(of.avg_churn_score)
    counts = (count(getattr(of, level)) for level in LEVELS)
    return TableRow(of.day.isoformat(), (day(of.day), count(of.predictions), *counts, mean))
