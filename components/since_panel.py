from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from components.button import button
from components.customer_name import customer_name
from components.formats import count, number_format, plural, written_as
from components.markup import Markup, Node, Rows, tag
from components.panel import panel
from components.reasons import reasons
from components.risk_chip import risk_chip
from components.score_change import score_change
from components.table import table
from components.time_ago import time_ago
from services.schemas import ChangesSince, MovedCustomer

TITLE = 'Since your last visit'
NOTE = 'All customers, whatever the filters'
COLUMNS = ('Churn risk', 'Customer', 'Why', 'Change', 'Last scored')
NOTHING = tag('div', 'since-first-visit')


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some of those who moved, behind a button."""

    name: str
    words: str
    total: int
    """How many there are, of whom the first are listed."""
    customers: tuple[MovedCustomer, ...]


class SincePanel(Markup):
    """What changed since the reader was here last; nothing at all in a first visit."""

    def __init__(self) -> None:
        self._changes: ChangesSince | None = None
        self._when = ''
        self._open = ''
        self._problem = ''
        self._on_seen: Callable[[], Any] | None = None
        self._rows = Rows(_row)
        self._numbers = number_format()
        super().__init__(NOTHING, actions={'part': self._switch, 'seen': self._seen})

    def on_seen(self, listener: Callable[[], Any]) -> None:
        """Call ``listener()`` when the reader has seen enough of it."""
        self._on_seen = listener

    def show(self, changes: ChangesSince | None, *, when: str) -> None:
        """
        :param changes: ``None``: it is the first visit.
        :param when: the moment they are counted from, in words.
        """
        self._changes, self._when, self._numbers = changes, when, number_format()
        self._problem = ''
        self._draw()

    def show_problem(self, message: str) -> None:
        """Why it is not marked as seen; empty: nothing is wrong. What changed stays there to be read."""
        if message != self._problem:
            self._problem = message
            with written_as(self._numbers):
                self._draw()

    def show_waiting(self) -> None:
        """There are changes, and it takes a while to find out which."""
        if self._changes is None:
            self.draw(_quiet('What changed since your last visit is being worked out.'))

    def _draw(self) -> None:
        self.draw(NOTHING if self._changes is None else self._panel(self._changes))

    def _panel(self, changes: ChangesSince) -> Node:
        if not changes.moved:
            return _quiet(f'Nothing has changed since {self._when}.')
        parts = _parts(changes)
        opened = next((part for part in parts if part.name == self._open), None)
        return panel(
            TITLE,
            tag(
                'div',
                'since-line',
                tag('span', 'since-when', f'Since {self._when}:'),
                *(_toggle(part, opened=part is opened) for part in parts if part.total),
                *(tag('span', 'since-none', part.words) for part in parts if not part.total),
                button('Mark as seen', 'seen', kind='quiet', classes='since-seen'),
            ),
            tag('p', 'field-error since-problem', self._problem, role='status', key='problem'),
            _list(opened, self._rows) if opened else None,
            name='since',
            note=NOTE,
        )

    def _switch(self, name: str) -> None:
        self._open = '' if name == self._open else name
        with written_as(self._numbers):
            self._draw()

    def _seen(self, _item: str) -> Any:
        return self._on_seen() if self._on_seen else None


def _parts(changes: ChangesSince) -> tuple[Part, ...]:
    high, recovered = changes.newly_high, changes.recovered
    return (
        Part(
            name='high',
            words=f'{count(high)} newly high' if high else 'nobody newly high',
            total=high,
            customers=changes.newly_high_customers,
        ),
        Part(
            name='recovered',
            words=f'{count(recovered)} recovered' if recovered else 'nobody recovered',
            total=recovered,
            customers=changes.recovered_customers,
        ),
        Part(
            name='movers',
            words=f'{plural(changes.moved, "score", "scores")} moved',
            total=changes.moved if changes.movers else 0,
            customers=changes.movers,
        ),
    )


def _toggle(part: Part, *, opened: bool) -> Node:
    return button(
        part.words,
        'part',
        part.name,
        classes=f'since-part since-{part.name}',
        aria_expanded='true' if opened else 'false',
        key=part.name,
    )


def _list(part: Part, rows: Rows[MovedCustomer]) -> Node:
    shown = len(part.customers)
    told = {
        'high': f'The {shown} with the highest scores',
        'recovered': f'The {shown} whose scores fell most',
        'movers': 'The one that moved most' if shown == 1 else f'The {shown} that moved most',
    }
    return tag(
        'div',
        'since-list',
        table(part.words.capitalize(), COLUMNS, rows.of(part.customers), classes='since'),
        tag('p', 'quiet', told[part.name]) if shown < part.total else None,
        key=f'{part.name}-list',
    )


def _row(item: MovedCustomer) -> Node:
    return tag(
        'div',
        'row',
        risk_chip(item.risk_level, item.churn_score, classes='cell-risk', role='cell'),
        customer_name(item.customer_id, item.customer_name, classes='cell-customer', role='cell'),
        reasons(item.reasons, classes='cell-reasons', role='cell'),
        score_change(item.change, otherwise='new', classes='cell-change', role='cell'),
        time_ago(item.timestamp, classes='cell-time', role='cell'),
        role='row',
        key=item.customer_id,
    )


def _quiet(words: str) -> Node:
    return tag('p', 'quiet since-quiet', words)
