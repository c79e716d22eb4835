from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from components.button import Button
from components.element_state import set_prop
from components.history_figure import score_history
from components.keyed_rows import KeyedRows, Row
from components.lazy_chart import LazyChart
from components.risk_chip import WORDS
from components.scorings import Scoring
from components.text import Text

IN_TABLE = 100


class PointRow(Row[Scoring]):
    def __init__(self) -> None:
        super().__init__('tr')
        with self:
            self._time, self._score, self._word = Text('td'), Text('td'), Text('td')

    def show(self, item: Scoring) -> None:
        self._time.set_text(item.local_time.replace('T', ' ')[: len('2026-11-23 08:00')])
        self._score.set_text(f'{item.score * 100:.4f}'.rstrip('0').rstrip('.') + '\u00a0%')
        self._word.set_text(WORDS[item.level])


class HistoryChart(LazyChart):
    """A customer's scores over time: a step line before the risk bands, one sentence, and the same as a table.

    The table has the newest scores only: all of them are in the list below.
    """

    def __init__(self) -> None:
        super().__init__('Score history', name='history')
        self._scorings: Sequence[Scoring] = ()
        self._as_table = False
        with self._head:
            self._sentence = Text('p').classes('chart-sentence').mark('history-sentence')
            self._toggle = Button('Show as table', self._switch, kind='quiet').classes('chart-toggle')
            self._toggle.props('aria-pressed=false').mark('history-table')
        with self:
            self._table = ui.element('div').classes('chart-table').props('tabindex=0 role=region')
            self._table.props['aria-label'] = 'Score history as a table'
            with self._table, ui.element('table'):
                with ui.element('thead'), ui.element('tr'):
                    for column in ('Scored', 'Churn score', 'Risk'):
                        Text('th', column).props('scope=col')
                self._rows = KeyedRows('tbody', PointRow, lambda item: item.id)
        self._table.set_visibility(False)

    def show_history(
        self, scorings: Sequence[Scoring], *, medium: float, high: float, finding: str, sentence: str
    ) -> None:
        """:param scorings: newest first; the bands begin at ``medium`` and ``high``, 0..1."""
        self._scorings = scorings
        self._sentence.set_text(sentence)
        self.show(score_history(scorings, medium=medium, high=high), finding=finding)
        if self._as_table:
            self._rows.show(scorings[:IN_TABLE])

    def _switch(self) -> None:
        self._as_table = not self._as_table
        set_prop(self._toggle, 'aria-pressed', 'true' if self._as_table else 'false')
        self._frame.set_visibility(not self._as_table)
        self._table.set_visibility(self._as_table)
        self._rows.show(self._scorings[:IN_TABLE] if self._as_table else ())
