from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from components.chart_table import TableRow
from components.formats import NBSP, moment
from components.history_figure import score_history
from components.lazy_chart import LazyChart, Picture
from components.risk_chip import WORDS
from components.scorings import Scoring

IN_TABLE = 100


class HistoryChart(LazyChart):
    """A customer's scores over time: a step line before the risk bands.

    The table has the newest scores only: all of them are in the list below.
    """

    def __init__(self) -> None:
        super().__init__('Score history', name='history', columns=('Scored', 'Churn score', 'Risk'))

    def show_history(
        self, scorings: Sequence[Scoring], *, medium: float, high: float, finding: str, sentence: str
    ) -> None:
        """:param scorings: newest first; the bands begin at ``medium`` and ``high``, 0..1."""
        self.show(
            Picture(
                of=(scorings, medium, high),
                finding=finding,
                sentence=sentence,
                figure=lambda: score_history(scorings, medium=medium, high=high),
                rows=lambda: [_row(each) for each in scorings[:IN_TABLE]],
            )
        )


def _row(of: Scoring) -> TableRow:
    time = moment(datetime.fromisoformat(of.local_time))
    score = f'{of.score * 100:.4f}'.rstrip('0').rstrip('.') + f'{NBSP}%'
    return TableRow(of.id, (time, score, WORDS[of.level]))
