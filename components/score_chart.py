from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from components.chart_layout import FILLS, NAMES, Figure, figure
from components.chart_table import TableRow
from components.findings import distribution_finding, distribution_sentence, score_range
from components.formats import NBSP, count, share
from components.lazy_chart import LazyChart, Picture
from components.risk_chip import WORDS
from services.schemas import RiskLevel, ScoreBin


class ScoreChart(LazyChart):
    """How many predictions have which score."""

    def __init__(self) -> None:
        super().__init__('Score distribution', name='scores', columns=('Score', 'Risk', 'Predictions', 'Share'))

    def show_bins(self, bins: Sequence[ScoreBin]) -> None:
        self.show(
            Picture(
                of=bins,
                finding=distribution_finding(bins),
                sentence=distribution_sentence(bins),
                figure=lambda: score_distribution(bins),
                rows=lambda: _rows(bins),
            )
        )


def score_distribution(bins: Sequence[ScoreBin]) -> Figure:
    """The bars in their band's colour."""
    return figure(
        [_bars(level, [each for each in bins if each.risk_level is level]) for level in RiskLevel],
        x={'range': [-0.5, 100.5], 'dtick': 20, 'ticksuffix': f'{NBSP}%', 'title': {'text': 'Churn score'}},
        barmode='overlay',
        bargap=0.12,
    )


def _bars(level: RiskLevel, bins: Sequence[ScoreBin]) -> Figure:
    places = [_place(each.lower, each.upper) for each in bins]
    return {
        'type': 'bar',
        'name': NAMES[level],
        'x': [middle for middle, _range in places],
        'y': [each.count for each in bins],
        'width': 4.4,
        'customdata': [words for _middle, words in places],
        'hovertemplate': f'%{{customdata}}: %{{y:,}} predictions<extra>{NAMES[level]}</extra>',
        'marker': {'color': FILLS[level]},
    }


@lru_cache
def _place(lower: float, upper: float) -> tuple[float, str]:
    """A bin's middle in percent, and its range in words."""
    return round((lower + upper) * 50, 3), f'{lower * 100:.0f}–{upper * 100:.0f}{NBSP}%'


def _rows(bins: Sequence[ScoreBin]) -> list[TableRow]:
    total = sum(each.count for each in bins)
    return [
        TableRow(
            str(each.lower),
            (score_range(each), WORDS[each.risk_level], count(each.count), share(each.count, total)),
        )
        for each in reversed(bins)
    ]
