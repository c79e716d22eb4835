from __future__ import annotations

from components.customer_name import customer_name
from components.formats import account_value, count, plural
from components.markup import Markup, Node, Rows, tag
from components.panel import panel
from components.reasons import reasons
from components.risk_chip import risk_chip
from components.snoozed_list import snoozed_list
from components.table import table
from components.time_ago import time_ago
from services.schemas import AtRiskCustomer, Charts

COLUMNS = ('Churn risk', 'Customer', 'Why', 'Account value', 'Last scored')
NOTHING = Charts(at_risk=(), customers=0, histogram=(), risk_over_time=())


class AtRiskList(Markup):
    """The customers to call first, each with its reasons; and, where they are asked for, those who are snoozed."""

    def __init__(self) -> None:
        self._charts = NOTHING
        self._opened = False
        self._rows = Rows(_row)
        super().__init__(self._panel(note=''), actions={'snoozed': self._switch})

    def show(self, charts: Charts) -> None:
        self._charts = charts
        self.draw(self._panel(note=_note(charts)))

    def _panel(self, *, note: str) -> Node:
        charts = self._charts
        return panel(
            'Customers at risk',
            table('Customers at risk', COLUMNS, self._rows.of(charts.at_risk), classes='at-risk'),
            snoozed_list(charts.snoozed, total=charts.snoozed_customers, opened=self._opened),
            name='at-risk',
            note=note,
        )

    def _switch(self, _item: str) -> None:
        self._opened = not self._opened
        self.show(self._charts)


def _row(item: AtRiskCustomer) -> Node:
    return tag(
        'div',
        'row',
        risk_chip(item.risk_level, item.churn_score, classes='cell-risk', role='cell'),
        customer_name(item.customer_id, item.customer_name, classes='cell-customer', role='cell'),
        reasons(item.reasons, classes='cell-reasons', role='cell'),
        tag('span', 'cell-value', account_value(item.account_value), role='cell'),
        time_ago(item.timestamp, classes='cell-time', role='cell'),
        role='row',
        key=item.customer_id,
    )


def _note(charts: Charts) -> str:
    shown, customers = len(charts.at_risk), plural(charts.customers, 'customer', 'customers')
    snoozed = f', {count(charts.snoozed_customers)} snoozed' if charts.snoozed_customers else ''
    some = shown + charts.snoozed_customers < charts.customers
    note = f'The {shown} highest latest scores, of {customers}' if some else f'{customers}, highest score first'
    return f'{note}{snoozed}'
