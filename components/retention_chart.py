from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

from components.chart_layout import Figure, dates_of, day_axis, figure
from components.chart_table import TableRow
from components.findings import retention_finding, retention_sentence
from components.formats import NBSP, day, percent
from components.lazy_chart import LazyChart, Picture
from services.schemas import DayFigures

LEAST = 10
"""Points that the axis spans at least: a tenth of a point is no slope."""


class RetentionChart(LazyChart):
    """How many customers are expected to stay, as of the end of each day."""

    def __init__(self) -> None:
        super().__init__('Expected retention over time', name='retention', columns=('Day', 'Expected retention'))

    def show_days(self, days: Sequence[DayFigures], *, span: object) -> None:
        """:param span: the days that were asked for."""
        self.show(
            Picture(
                of=(days, span),
                finding=retention_finding(days),
                sentence=retention_sentence(days),
                figure=lambda: expected_retention(days, span=span),
                rows=lambda: [
                    TableRow(each.day.isoformat(), (day(each.day), percent(each.retention_rate, decimals=2)))
                    for each in reversed(days)
                ],
            )
        )


def expected_retention(days: Sequence[DayFigures], *, span: object) -> Figure:
    rates, dates = [each.retention_rate for each in days], dates_of(days)
    line = {
        'type': 'scatter',
        'mode': 'lines' if len(days) > 2 else 'lines+markers',
        'x': dates,
        'y': rates,
        'line': {'width': 2.5, 'color': '#64748B'},
        'marker': {'size': 9},
        'hovertemplate': f'%{{y:.2f}}{NBSP}%<extra></extra>',
    }
    return figure(
        [line],
        x=day_axis(dates, span),
        y={'range': _range(rates), 'ticksuffix': f'{NBSP}%', 'tickformat': '', 'rangemode': 'normal', 'nticks': 7},
        hovermode='x unified',
        showlegend=False,
    )


def _range(rates: Sequence[float]) -> list[int]:
    """Of whole points, with the line in the middle, and never beyond what there can be."""
    low, high = (min(rates), max(rates)) if rates else (0, 100)
    around = max(1, (LEAST - (high - low)) / 2)
    bottom = max(0, min(floor(low - around), 100 - LEAST))
    return [bottom, min(100, max(ceil(high + around), bottom + LEAST))]
