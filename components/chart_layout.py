"""What all charts have in common, as plain dicts for plotly.js.

Colours of text, grid and lines without a band come from assets/charts.css, for both themes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from components.formats import number_format
from services.schemas import DayFigures, RiskDay, RiskLevel

Figure = dict[str, Any]
FILLS = {RiskLevel.HIGH: '#A50026', RiskLevel.MEDIUM: '#F4A11A', RiskLevel.LOW: '#2C7BB6'}
NAMES = {RiskLevel.HIGH: '▲ High', RiskLevel.MEDIUM: '◆ Medium', RiskLevel.LOW: '● Low'}
LEVELS = (RiskLevel.HIGH, RiskLevel.MEDIUM, RiskLevel.LOW)
"""From the bottom of a stack upwards: changes of what matters most are easiest to read there."""
CLEAR = 'rgba(0,0,0,0)'
OF_LEVEL = {level: attrgetter(level.value) for level in LEVELS}
DAY = 86_400_000
"""Milliseconds, which plotly.js counts time in."""


def figure(traces: Sequence[Figure], *, x: Figure, y: Figure | None = None, **more: Any) -> Figure:
    """A chart of these traces; ``x`` and ``y`` are added to the axes, the rest to the layout."""
    axis: Figure = {'fixedrange': True, 'automargin': True, 'zeroline': False}
    numbers = number_format()
    layout = {
        'autosize': True,
        'separators': numbers.decimal + numbers.group,
        'margin': {'l': 8, 'r': 20, 't': 4, 'b': 8, 'pad': 4},
        'paper_bgcolor': CLEAR,
        'plot_bgcolor': CLEAR,
        'font': {'family': 'inherit', 'size': 12},
        'legend': {'orientation': 'h', 'x': 0, 'y': 1.02, 'yanchor': 'bottom', 'traceorder': 'normal'},
        'xaxis': axis | {'showgrid': False} | x,
        'yaxis': axis | {'rangemode': 'tozero', 'tickformat': ',d', 'nticks': 5} | (y or {}),
        'dragmode': False if x.get('fixedrange', True) else 'zoom',
        'uirevision': 'keep',  # a curve that was switched off in the legend stays off
    }
    # the same for every chart and at all times: with another one plotly.js would begin anew, and forget the zoom
    config = {'displayModeBar': False, 'responsive': True, 'showTips': False}
    return {'data': list(traces), 'layout': layout | more, 'config': config}


def zoomable(span: object) -> Figure:
    """An axis of time that is zoomed into by dragging along it.

    :param span: what was asked for: the zoom is kept while that stays the same.
    """
    return {'type': 'date', 'fixedrange': False, 'nticks': 5, 'tickangle': 0, 'uirevision': str(span)}


def dates_of(days: Sequence[RiskDay | DayFigures]) -> tuple[str, ...]:
    """The days of a chart as plotly.js takes them.

    :param days: oldest first, without a gap.
    """
    return _dates(days[0].day, len(days)) if days else ()


@lru_cache(512)
def _dates(first: date, number: int) -> tuple[str, ...]:
    """Kept, as they are the same in every chart of nearly every user, and in what each of these charts remembers."""
    return tuple((first + timedelta(days=each)).isoformat() for each in range(number))


def column(level: RiskLevel, days: Sequence[RiskDay | DayFigures]) -> list[int]:
    """What each day has of a band."""
    return list(map(OF_LEVEL[level], days))


def day_axis(dates: Sequence[str], span: object) -> Figure:
    """That of values by day. A single day is shown in the middle, and there is nothing to zoom into."""
    numbers = number_format().dates
    stops = _whole_days(numbers.short_day)
    axis = zoomable(span) | {'tickformatstops': stops, 'hoverformat': f'%a, {numbers.day}'}
    if len(dates) != 1:
        return axis
    (middle,) = dates
    return axis | {
        'fixedrange': True,
        'range': [f'{date.fromisoformat(middle) - timedelta(days=1)} 06:00', f'{middle} 18:00'],
        'tickvals': [middle],
    }


def day_bars(level: RiskLevel, dates: Sequence[str], numbers: list[int]) -> Figure:
    """Those of one band; a single day is no wall."""
    return {
        'type': 'bar',
        'name': NAMES[level],
        'x': dates,
        'y': numbers,
        'width': (0.8 if len(dates) > 1 else 0.2) * DAY,
        'marker': {'color': FILLS[level]},
        'hovertemplate': '%{y:,}',
    }


@lru_cache
def _whole_days(day: str) -> list[Figure]:
    """A day has one label, also where the axis is so short that it has several ticks."""
    return [
        {'dtickrange': [None, DAY - 1], 'value': f'\u200b\n{day}'},
        {'dtickrange': [DAY, 'M11'], 'value': day},
        {'dtickrange': ['M12', None], 'value': '%Y'},
    ]
