from __future__ import annotations

from nicegui import ui

from components.addresses import customer_href
from components.element_state import set_prop
from components.text import Text


class CustomerName(ui.element, default_classes='customer'):
    """Who it is about: the name where one is known, and always the id. Leads to the customer's page."""

    def __init__(self) -> None:
        super().__init__('div')
        with self:
            self._name = Text('a').classes('customer-name')
            self._id = Text('span').classes('customer-id')

    def show(self, customer_id: str, name: str | None) -> None:
        self._name.set_text(name or customer_id)
        set_prop(self._name, 'href', customer_href(customer_id))
        self._id.set_text(customer_id if name else '')
