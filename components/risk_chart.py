from __future__ import annotations

from collections.abc import Sequence

from components.chart_layout import FILLS, LEVELS, NAMES, Figure, column, dates_of, day_axis, day_bars, figure
from components.chart_table import TableRow
from components.findings import customers, risk_finding, risk_sentence
from components.formats import count, day, share
from components.lazy_chart import LazyChart, Picture
from services.schemas import RiskDay, RiskLevel

OPACITY = {RiskLevel.HIGH: 'D9', RiskLevel.MEDIUM: '8C', RiskLevel.LOW: '40'}
"""The eye goes to the customers to call."""


class RiskChart(LazyChart):
    """How many customers are at which risk at the end of each day."""

    def __init__(self) -> None:
        columns = ('Day', 'High', 'Medium', 'Low', 'High risk')
        super().__init__('Risk over time', name='days', columns=columns)

    def show_days(self, days: Sequence[RiskDay], *, span: object) -> None:
        """:param span: the days that were asked for."""
        self.show(
            Picture(
                of=(days, span),
                finding=risk_finding(days),
                sentence=risk_sentence(days),
                figure=lambda: risk_over_time(days, span=span),
                rows=lambda: [_row(each) for each in reversed(days)],
            )
        )


def risk_over_time(days: Sequence[RiskDay], *, span: object) -> Figure:
    """High risk at the bottom, where its changes are easiest to read. One day is a bar: it has no area."""
    dates = dates_of(days)
    draw = _area if len(days) > 1 else day_bars
    return figure(
        [draw(level, dates, column(level, days)) for level in LEVELS],
        x=day_axis(dates, span),
        barmode='stack',
        hovermode='x unified',
    )


def _area(level: RiskLevel, dates: Sequence[str], numbers: list[int]) -> Figure:
    return {
        'type': 'scatter',
        'name': NAMES[level],
        'x': dates,
        'y': numbers,
        'mode': 'lines',
        'stackgroup': 'customers',
        'line': {'width': 2, 'color': FILLS[level]},
        'fillcolor': f'{FILLS[level]}{OPACITY[level]}',
        'hovertemplate': '%{y:,}',
    }


def _row(of: RiskDay) -> TableRow:
    counts = (count(getattr(of, level)) for level in LEVELS)
    return TableRow(of.day.isoformat(), (day(of.day), *counts, share(of.high, customers(of))))
