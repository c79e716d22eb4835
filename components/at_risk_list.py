from __future__ import annotations

from nicegui import ui

from components.customer_name import CustomerName
from components.formats import account_value, count, plural
from components.keyed_rows import KeyedRows, Row
from components.panel import Panel
from components.reasons import Reasons
from components.risk_chip import RiskChip
from components.snoozed_list import SnoozedList
from components.text import Text
from components.time_ago import TimeAgo
from services.schemas import AtRiskCustomer, Charts

COLUMNS = ('Churn risk', 'Customer', 'Why', 'Account value', 'Last scored')


class AtRiskRow(Row[AtRiskCustomer], default_classes='row', default_props='role=row'):
    def __init__(self) -> None:
        super().__init__('div')
        with self:
            self._risk = RiskChip().classes('cell-risk').props('role=cell')
            self._customer = CustomerName().classes('cell-customer').props('role=cell')
            self._reasons = Reasons().classes('cell-reasons').props('role=cell')
            self._value = Text('span').classes('cell-value').props('role=cell')
            self._time = TimeAgo().classes('cell-time').props('role=cell')

    def show(self, item: AtRiskCustomer) -> None:
        self._risk.show(item.risk_level, item.churn_score)
        self._customer.show(item.customer_id, item.customer_name)
        self._reasons.show(item.reasons)
        self._value.set_text(account_value(item.account_value))
        self._time.show(item.timestamp)


class AtRiskList(Panel):
    """The customers to call first, each with its reasons."""

    def __init__(self) -> None:
        super().__init__('Customers at risk', name='at-risk')
        with self:
            table = ui.element('div').classes('table at-risk').props('role=table aria-label="Customers at risk"')
            with table:
                with _part('table-head', 'rowgroup'), _part('row', 'row'):
                    for column in COLUMNS:
                        Text('span', column).props('role=columnheader')
                self._rows = KeyedRows('div', AtRiskRow, lambda item: item.customer_id)
                self._rows.classes('rows').props('role=rowgroup').mark('at-risk-rows')
            self._snoozed = SnoozedList()

    def show(self, charts: Charts) -> None:
        shown, customers = len(charts.at_risk), plural(charts.customers, 'customer', 'customers')
        snoozed = f', {count(charts.snoozed_customers)} snoozed' if charts.snoozed_customers else ''
        some = shown + charts.snoozed_customers < charts.customers
        note = f'The {shown} highest latest scores, of {customers}' if some else f'{customers}, highest score first'
        self.show_note(f'{note}{snoozed}')
        self._rows.show(charts.at_risk)
        self._snoozed.show(charts.snoozed, total=charts.snoozed_customers)


def _part(classes: str, role: str) -> ui.element:
    return ui.element('div').classes(classes).props(f'role={role}')
