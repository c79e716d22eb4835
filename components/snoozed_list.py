from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from components.button import Button
from components.customer_name import CustomerName
from components.element_state import set_prop
from components.formats import count, day
from components.keyed_rows import KeyedRows, Row
from components.risk_chip import RiskChip
from components.text import Text
from components.time_ago import TimeAgo
from services.schemas import SnoozedCustomer

COLUMNS = ('Churn risk', 'Customer', 'Snoozed', 'Last scored')


class SnoozedRow(Row[SnoozedCustomer], default_classes='row', default_props='role=row'):
    def __init__(self) -> None:
        super().__init__('div')
        with self:
            self._risk = RiskChip().classes('cell-risk').props('role=cell')
            self._customer = CustomerName().classes('cell-customer').props('role=cell')
            self._until = Text('span').classes('cell-reasons').props('role=cell')
            self._time = TimeAgo().classes('cell-time').props('role=cell')

    def show(self, item: SnoozedCustomer) -> None:
        self._risk.show(item.risk_level, item.churn_score)
        self._customer.show(item.customer_id, item.customer_name)
        why = f': {item.snooze_reason}' if item.snooze_reason else ''
        self._until.set_text(f'until {day(item.snoozed_until)}{why}')
        self._time.show(item.timestamp)


class SnoozedList(ui.element, default_classes='snoozed'):
    """How many customers are left out of a list, and a button that shows them; nothing where nobody is."""

    def __init__(self) -> None:
        super().__init__('div')
        self._open = False
        self._items: Sequence[SnoozedCustomer] = ()
        self._total = 0
        with self:
            self._toggle = Button('', self._switch, kind='quiet').classes('snoozed-toggle')
            self._toggle.props('aria-expanded=false').mark('snoozed-toggle')
            self._table = ui.element('div').classes('table').props('role=table aria-label="Snoozed customers"')
            with self._table:
                with _part('table-head', 'rowgroup'), _part('row', 'row'):
                    for column in COLUMNS:
                        Text('span', column).props('role=columnheader')
                self._rows = KeyedRows('div', SnoozedRow, lambda item: item.customer_id)
                self._rows.classes('rows').props('role=rowgroup').mark('snoozed-rows')
            self._note = Text('p').classes('quiet')
        self.show((), total=0)

    def show(self, items: Sequence[SnoozedCustomer], *, total: int) -> None:
        """:param items: the first of them, by risk.

        :param total: how many there are.
        """
        self._items, self._total = items, total
        opened = self._open and total > 0
        self.set_visibility(total > 0)
        self._toggle.set_text(f'Hide {count(total)} snoozed' if opened else f'Show {count(total)} snoozed')
        set_prop(self._toggle, 'aria-expanded', 'true' if opened else 'false')
        self._table.set_visibility(opened)
        self._rows.show(items if opened else ())
        self._note.set_text(f'The {len(items)} with the highest latest scores' if opened and len(items) < total else '')

    def _switch(self) -> None:
        self._open = not self._open
        self.show(self._items, total=self._total)


def _part(classes: str, role: str) -> ui.element:
    return ui.element('div').classes(classes).props(f'role={role}')
