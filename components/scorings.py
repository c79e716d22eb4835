from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.button import Button
from components.element_state import replace_class, set_class
from components.formats import NBSP, count, plural, points, reason
from components.keyed_rows import KeyedRows, Row
from components.light_element import LightElement
from components.panel import Panel
from components.risk_chip import RiskChip
from components.text import Text
from components.time_ago import TimeAgo
from services.schemas import RiskLevel

COLUMNS = ('Scored', 'Churn risk', 'Change', 'Reasons', 'Source')
NO_REASONS = 'No reasons were given'
SEPARATOR = ' · '


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """One score of a customer beside the one before it."""

    id: str
    timestamp: str
    local_time: str
    """The same in the user's zone, to the second and without offset."""
    score: float
    level: RiskLevel
    change: int | None
    """Millionths; ``None``: there is no score before it."""
    reasons: tuple[str, ...]
    new_reasons: frozenset[str]
    """Those that the score before it did not have."""
    source: str


class ReasonList(LightElement, default_classes='reasons'):
    """All reasons of a score, each with its sign; new ones say so."""

    def __init__(self) -> None:
        super().__init__('div')
        self._shown: tuple[tuple[str, ...], frozenset[str]] | None = None

    def show(self, reasons: tuple[str, ...], new: Collection[str]) -> None:
        wanted = (reasons, frozenset(new))
        if wanted == self._shown:
            return
        self._shown = wanted
        self.clear()
        with self:
            if not reasons:
                Text('span', NO_REASONS).classes('quiet')
            for text in reasons:
                with Text('span', reason(text)).classes('reason') as item:
                    set_class(item, 'reason-down', on=text.startswith('-'))
                    if text in new:
                        Text('span', 'new').classes('reason-new')


class Change(Text, default_classes='change'):
    """By how many points a score differs from the one before."""

    def __init__(self) -> None:
        super().__init__('span')
        self._tone = ''

    def show(self, change: int | None) -> None:
        if change is None:
            text, tone = 'First score', 'change-none'
        elif change == 0:
            text, tone = 'No change', 'change-none'
        else:
            unit = 'point' if abs(change) == 10_000 else 'points'
            text, tone = f'{points(change)} {unit}', 'change-up' if change > 0 else 'change-down'
        self.set_text(text)
        replace_class(self, self._tone, tone)
        self._tone = tone


class ScoringRow(Row[Scoring], default_classes='row', default_props='role=row'):
    """Few elements, since there are many rows: each costs the server a tenth of a millisecond and some kilobytes."""

    def __init__(self) -> None:
        super().__init__('div')
        with self:
            self._time = TimeAgo().classes('cell-when').props('role=cell')
            self._risk = RiskChip().classes('cell-risk').props('role=cell')
            self._change = Change().props('role=cell')
            self._reasons = Text('span').classes('cell-reasons').props('role=cell')
            self._source = Text('span').classes('source').props('role=cell')

    def show(self, item: Scoring) -> None:
        self._time.show(item.timestamp)
        self._risk.show(item.level, item.score)
        self._change.show(item.change)
        self._reasons.set_text(SEPARATOR.join(_with_news(text, item) for text in item.reasons) or NO_REASONS)
        self._source.set_text(item.source)


class Scorings(Panel):
    """Every score of a customer, newest first, each with what the model said of it."""

    def __init__(self, *, on_more: Callable[[], Any]) -> None:
        super().__init__('Every score and its reasons', name='scorings')
        with self:
            table = LightElement('div', 'table scorings').props('role=table')
            table.props['aria-label'] = 'Scores'
            with table:
                with _part('table-head', 'rowgroup'), _part('row', 'row'):
                    for column in COLUMNS:
                        Text('span', column).props('role=columnheader')
                self._rows = KeyedRows('div', ScoringRow, lambda item: item.id)
                self._rows.classes('rows').props('role=rowgroup').mark('scoring-rows')
            self._more = Button('Show more', on_more).mark('more-scorings')
            self._older = Text('p').classes('quiet').mark('scorings-note')
        self._more.set_visibility(False)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows.default_slot.children)

    def show_rows(self, items: Sequence[Scoring]) -> None:
        self._rows.show(items)

    def show_extent(self, shown: int, *, total: int, most: int) -> None:
        """Say how many of how many scores are shown.

        :param most: how many are at most, whatever is pressed.
        """
        some, full = shown < total, most <= shown < total
        scores = plural(total, 'score', 'scores')
        self.show_note(f'The newest {count(shown)} of {scores}' if some else f'{scores}, newest first')
        self._more.set_visibility(some and not full)
        self._older.set_text('Older ones are in an export from the board.' if full else '')
        self._older.set_visibility(full)


def _with_news(text: str, item: Scoring) -> str:
    written = reason(text).replace(' ', NBSP, 1)  # a sign never stands alone at the end of a line
    return f'{written}{NBSP}(new)' if text in item.new_reasons else written


def _part(classes: str, role: str) -> ui.element:
    return LightElement('div', classes).props(f'role={role}')
