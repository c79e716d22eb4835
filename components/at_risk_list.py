from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Literal

from components.button import button
from components.customer_name import customer_name
from components.formats import MISSING, account_value, count, plural, written_as
from components.held_order import in_place, moves
from components.markup import Encoded, Markup, Node, Rows, encoded, tag
from components.panel import panel
from components.reasons import reasons
from components.risk_chip import risk_chip
from components.score_change import score_change
from components.snoozed_list import snoozed_list
from components.table import table
from components.time_ago import time_ago
from services.schemas import AtRiskCustomer, Charts

COLUMNS = ('Churn risk', '7 days', 'Customer', 'Why', 'Account value', 'Last scored')
NOTHING = Charts(at_risk=(), customers=0, histogram=(), risk_over_time=())

Order = Literal['risk', 'change']
ORDERS: dict[Order, str] = {'risk': 'Churn risk', 'change': '7-day change'}
PRESENT = '(event) => { if (!event.currentTarget.contains(event.relatedTarget)) emit(); }'
"""Going from one thing in the list to another is neither to come nor to leave."""


@dataclass(frozen=True, kw_only=True)
class AtRiskPage:
    """What the list shows."""

    charts: Charts = NOTHING
    rows: Sequence[AtRiskCustomer] = ()
    order: Order = 'risk'
    first: int = 0
    """How many customers come before these."""
    more: bool = False
    """Whether any come after them."""
    unfiltered: bool = True
    high: int = 0
    """Customers at high risk, where account values are known at all."""
    value: float | None = None
    """The sum of those."""
    valued: int = 0
    """Of how many of them."""
    message: str = ''
    """Why it is not, or not yet, what was asked for."""


@dataclass(frozen=True, kw_only=True)
class AtRiskActions:
    """What a reader can ask of the list."""

    order: Callable[[str], Any]
    earlier: Callable[[], Any]
    later: Callable[[], Any]


class AtRiskList(Markup):
    """The customers to call first, each with its reasons; and, where they are asked for, those who are snoozed.

    While the pointer or the focus is in it no row moves: what would is counted, and moves when the reader says so or
    leaves. The numbers in the rows follow all the same.
    """

    def __init__(self) -> None:
        self._latest = AtRiskPage()
        self._shown: Sequence[AtRiskCustomer] = ()
        self._within: set[str] = set()
        self._opened = False
        self._actions_of_page: AtRiskActions | None = None
        self._rows = {
            unfiltered: Rows(partial(_row, otherwise='new' if unfiltered else MISSING)) for unfiltered in (True, False)
        }
        super().__init__(
            self._panel(),
            actions={
                'snoozed': self._switch,
                'apply': lambda _item: self._apply(),
                'order': lambda order: self._actions_of_page and self._actions_of_page.order(order),
                'earlier': lambda _item: self._actions_of_page and self._actions_of_page.earlier(),
                'later': lambda _item: self._actions_of_page and self._actions_of_page.later(),
            },
        )
        for event, way, come in (
            ('pointerenter', 'pointer', True),
            ('pointerleave', 'pointer', False),
            ('focusin', 'focus', True),
            ('focusout', 'focus', False),
        ):
            self.on(event, partial(self._reader, way, come), args=[], js_handler=PRESENT)

    def on_ask(self, actions: AtRiskActions) -> None:
        """Do this when the reader asks for it."""
        self._actions_of_page = actions

    def show(self, page: AtRiskPage, *, asked: bool = False) -> None:
        """:param asked: the reader asked for other rows than were shown: they come at once, wherever the pointer is."""
        self._latest = page
        self._shown = in_place(self._shown, page.rows) if self._within and not asked else page.rows
        self.draw(self._panel())

    def again(self) -> Node:
        return self._panel()

    def _panel(self) -> Node:
        page = self._latest
        waiting = 0 if self._shown is page.rows else moves(self._shown, page.rows)
        return panel(
            'Customers at risk',
            tag('div', 'at-risk-controls', _orders(page.order), _waiting(waiting)),
            tag('p', 'quiet', page.message) if page.message else None,
            table('Customers at risk', COLUMNS, self._rows[page.unfiltered].of(self._shown), classes='at-risk'),
            _pages(page),
            snoozed_list(page.charts.snoozed, total=page.charts.snoozed_customers, opened=self._opened),
            name='at-risk',
            note=_note(page),
        )

    def _reader(self, way: str, come: bool) -> None:
        """The reader's pointer or focus came in, or has left."""
        (self._within.add if come else self._within.discard)(way)
        if not self._within:
            self._apply()

    def _apply(self) -> None:
        self._redraw(self._latest.rows)

    def _switch(self, _item: str) -> None:
        self._opened = not self._opened
        self._redraw(self._shown)

    def _redraw(self, rows: Sequence[AtRiskCustomer]) -> None:
        self._shown = rows
        with written_as(self._drawn.numbers):
            self.draw(self._panel())


def _row(item: AtRiskCustomer, *, otherwise: str) -> Node:
    return tag(
        'div',
        'row',
        risk_chip(item.risk_level, item.churn_score, classes='cell-risk', role='cell'),
        score_change(item.change_7d, otherwise=otherwise, classes='cell-change', role='cell'),
        customer_name(item.customer_id, item.customer_name, classes='cell-customer', role='cell'),
        reasons(item.reasons, classes='cell-reasons', role='cell'),
        tag('span', 'cell-value', account_value(item.account_value), role='cell'),
        time_ago(item.timestamp, classes='cell-time', role='cell'),
        role='row',
        key=item.customer_id,
    )


@lru_cache(8)
def _orders(chosen: Order) -> Encoded:
    buttons = (
        button(words, 'order', order, aria_pressed='true' if order == chosen else 'false', key=order)
        for order, words in ORDERS.items()
    )
    return encoded(
        tag(
            'div',
            'choice at-risk-order',
            tag('span', 'field-label', 'Sort by', aria_hidden='true'),
            tag('div', 'choice-buttons', *buttons, role='group', aria_label='Sort by'),
        )
    )


def _waiting(number: int) -> Node | None:
    if not number:
        return None
    words = plural(number, 'change', 'changes')
    return button(f'{words} · Apply', 'apply', classes='at-risk-apply', key='apply')


def _pages(page: AtRiskPage) -> Node | None:
    """Where in the list these rows are, with buttons to go on; nothing where they are all there is."""
    if not page.first and not page.more:
        return None
    listed = page.charts.customers - page.charts.snoozed_customers
    place = f'{count(page.first + 1)}–{count(page.first + len(page.rows))} of {count(listed)}'
    return tag(
        'div',
        'at-risk-pages',
        tag('span', 'at-risk-place', place),
        _turn('Previous', 'earlier') if page.first else None,
        _turn('Next', 'later') if page.more else None,
        data_home='',
    )


def _turn(words: str, way: str) -> Node:
    """At the list's end one of the two goes: the focus goes to the other."""
    return button(words, way, classes=f'at-risk-{way}', key=way, data_home_focus='')


def _note(page: AtRiskPage) -> str:
    charts = page.charts
    snoozed = f', {count(charts.snoozed_customers)} snoozed' if charts.snoozed_customers else ''
    if page.value is not None and page.high:
        known = '' if page.valued == page.high else f' of the {count(page.valued)} that have one'
        high = plural(page.high, 'customer', 'customers')
        return f'{high} at high risk, {account_value(page.value)} in account value{known}{snoozed}'
    customers = plural(charts.customers, 'customer', 'customers')
    if page.order != 'risk' or page.first:
        return f'{customers}{snoozed}'
    if len(page.rows) + charts.snoozed_customers < charts.customers:
        return f'The {len(page.rows)} highest latest scores, of {customers}{snoozed}'
    return f'{customers}, highest score first{snoozed}'
