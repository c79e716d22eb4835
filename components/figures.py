"""The charts as plain dicts for plotly.js. Text and grid colours come from assets/board.css, for both themes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.formats import NBSP, number_format
from services.schemas import RiskDay, RiskLevel, ScoreBin

Figure = dict[str, Any]
FILLS = {RiskLevel.HIGH: '#A50026', RiskLevel.MEDIUM: '#F4A11A', RiskLevel.LOW: '#2C7BB6'}
NAMES = {RiskLevel.HIGH: '▲ High', RiskLevel.MEDIUM: '◆ Medium', RiskLevel.LOW: '● Low'}
OPACITY = {RiskLevel.HIGH: 'D9', RiskLevel.MEDIUM: '8C', RiskLevel.LOW: '40'}
"""The eye goes to the customers to call."""
CLEAR = 'rgba(0,0,0,0)'


def score_distribution(bins: Sequence[ScoreBin]) -> Figure:
    """Predictions by score, the bars in their band's colour."""
    traces = [_bars(level, [each for each in bins if each.risk_level is level]) for level in RiskLevel]
    axes = layout(x={'range': [-0.5, 100.5], 'dtick': 20, 'ticksuffix': f'{NBSP}%', 'title': {'text': 'Churn score'}})
    return {'data': traces, 'layout': axes | {'barmode': 'overlay', 'bargap': 0.12}, 'config': config()}


def risk_over_time(days: Sequence[RiskDay]) -> Figure:
    """Customers by band at the end of each day, high risk at the bottom where its changes are easiest to read."""
    dates = [day.day.isoformat() for day in days]
    counts = {
        RiskLevel.HIGH: [day.high for day in days],
        RiskLevel.MEDIUM: [day.medium for day in days],
        RiskLevel.LOW: [day.low for day in days],
    }
    traces = [_area(level, dates, numbers) for level, numbers in counts.items()]
    axes = layout(
        x={'type': 'date', 'nticks': 5, 'tickangle': 0, 'tickformat': '%-d %b', 'hoverformat': '%a %-d %b %Y'}
    )
    return {'data': traces, 'layout': axes | {'hovermode': 'x unified'}, 'config': config()}


def _bars(level: RiskLevel, bins: Sequence[ScoreBin]) -> Figure:
    ranges = [f'{each.lower * 100:.0f}–{each.upper * 100:.0f}{NBSP}%' for each in bins]
    return {
        'type': 'bar',
        'name': NAMES[level],
        'x': [round((each.lower + each.upper) * 50, 3) for each in bins],
        'y': [each.count for each in bins],
        'width': 4.4,
        'customdata': ranges,
        'hovertemplate': f'%{{customdata}}: %{{y:,}} predictions<extra>{NAMES[level]}</extra>',
        'marker': {'color': FILLS[level]},
    }


def _area(level: RiskLevel, dates: Sequence[str], numbers: Sequence[int]) -> Figure:
    return {
        'type': 'scatter',
        'name': NAMES[level],
        'x': list(dates),
        'y': list(numbers),
        'mode': 'lines' if len(dates) > 2 else 'lines+markers',  # a line of one point cannot be seen
        'stackgroup': 'customers',
        'line': {'width': 2, 'color': FILLS[level]},
        'fillcolor': f'{FILLS[level]}{OPACITY[level]}',
        'hovertemplate': '%{y:,}',
    }


def layout(*, x: Figure) -> Figure:
    """What all charts have in common; ``x`` is added to that axis."""
    axis: Figure = {'fixedrange': True, 'automargin': True, 'zeroline': False}
    numbers = number_format()
    return {
        'autosize': True,
        'separators': numbers.decimal + numbers.group,
        'margin': {'l': 8, 'r': 20, 't': 4, 'b': 8, 'pad': 4},
        'paper_bgcolor': CLEAR,
        'plot_bgcolor': CLEAR,
        'font': {'family': 'inherit', 'size': 12},
        'legend': {'orientation': 'h', 'x': 0, 'y': 1.02, 'yanchor': 'bottom', 'traceorder': 'normal'},
        'xaxis': axis | {'showgrid': False} | x,
        'yaxis': axis | {'rangemode': 'tozero', 'tickformat': ',d', 'nticks': 5},
        'dragmode': False,
        'uirevision': 'keep',  # a curve that was switched off in the legend stays off
    }


def config() -> Figure:
    """How plotly.js behaves."""
    return {'displayModeBar': False, 'responsive': True}
