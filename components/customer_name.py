from __future__ import annotations

from nicegui import ui

from components.text import Text


class CustomerName(ui.element, default_classes='customer'):
    """Who it is about: the name where one is known, and always the id."""

    def __init__(self) -> None:
        super().__init__('div')
        with self:
            self._name = Text('span').classes('customer-name')
            self._id = Text('span').classes('customer-id')

    def show(self, customer_id: str, name: str | None) -> None:
        self._name.set_text(name or customer_id)
        self._id.set_text(customer_id if name else '')
