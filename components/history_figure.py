"""A customer's scores over time as a plain dict for plotly.js, before the risk bands they fall in."""

from __future__ import annotations

from collections.abc import Sequence

from components.chart_layout import DAY, FILLS, NAMES, Figure, figure, zoomable
from components.formats import NBSP, number_format, score
from components.scorings import Scoring
from services.schemas import RiskLevel

SYMBOLS = {RiskLevel.HIGH: 'triangle-up', RiskLevel.MEDIUM: 'diamond', RiskLevel.LOW: 'circle'}
TINT = '1F'
FEW = 60
"""Scores up to which each has a mark of its own: more would hide the line."""


def score_history(scorings: Sequence[Scoring], *, medium: float, high: float) -> Figure:
    """The score as a step: it holds until the next one.

    :param scorings: newest first.
    :param medium: where that band begins, 0..1; ``high`` likewise.
    """
    points = list(reversed(scorings))
    bands = ((RiskLevel.LOW, 0.0, medium), (RiskLevel.MEDIUM, medium, high), (RiskLevel.HIGH, high, 1.0))
    percent = {'range': [0, 102], 'tick0': 0, 'dtick': 20, 'ticksuffix': f'{NBSP}%', 'rangemode': 'normal'}
    return figure(
        [_line(points)],
        x=zoomable('all') | {'tickformatstops': _stops()},
        y=percent | {'tickformat': ''},
        shapes=[_band(*band) for band in bands],
        annotations=[_name(level, top) for level, _low, top in bands],
        showlegend=False,
        hovermode='closest',
    )


def _line(points: Sequence[Scoring]) -> Figure:
    dates = number_format().dates
    return {
        'type': 'scatter',
        'mode': 'lines+markers' if len(points) <= FEW else 'lines',
        'x': [each.local_time for each in points],
        'y': [round(each.score * 100, 4) for each in points],
        'line': {'shape': 'hv', 'width': 2, 'color': '#64748B'},
        'marker': {
            'size': 9,
            'color': [FILLS[each.level] for each in points],
            'symbol': [SYMBOLS[each.level] for each in points],
            'line': {'width': 1, 'color': '#FFFFFF'},
        },
        'customdata': [f'{NAMES[each.level]}{NBSP}{score(each.score)}' for each in points],
        'hovertemplate': f'%{{customdata}}<br>%{{x|%a, {dates.day}, {dates.time}}}<extra></extra>',
    }


def _band(level: RiskLevel, low: float, high: float) -> Figure:
    return {
        'type': 'rect',
        'layer': 'below',
        'xref': 'paper',
        'x0': 0,
        'x1': 1,
        'y0': low * 100,
        'y1': high * 100,
        'line': {'width': 0},
        'fillcolor': f'{FILLS[level]}{TINT}',
    }


def _name(level: RiskLevel, top: float) -> Figure:
    return {
        'text': NAMES[level],
        'xref': 'paper',
        'x': 0,
        'xanchor': 'left',
        'xshift': 4,
        'y': top * 100,
        'yanchor': 'top',
        'showarrow': False,
        'font': {'size': 11},
    }


def _stops() -> list[Figure]:
    """Times where the axis is short, days where it is longer, years where it is long."""
    month, dates = 'M1', number_format().dates
    return [
        {'dtickrange': [None, DAY - 1], 'value': f'{dates.time}\n{dates.short_day}'},
        {'dtickrange': [DAY, month], 'value': dates.short_day},
        {'dtickrange': [month, None], 'value': '%b %Y'},
    ]
