from __future__ import annotations

from components.formats import plural
from components.light_element import LightElement
from components.text import Text


class MissingCustomer(LightElement, default_classes='empty customer-missing'):
    """A page of a customer of whom there is no score: why that may be, and where to go."""

    def __init__(self, customer_id: str) -> None:
        super().__init__('section')
        self.mark('missing-customer').set_visibility(False)
        with self:
            Text('h2', 'There is no such customer').classes('empty-title')
            Text('p', f'You have no score of “{customer_id}”.' if customer_id else 'The address names none.').classes(
                'empty-text'
            )
            Text(
                'p',
                'The address may hold a slip, or the scores were undone or deleted. '
                'When a score of this customer comes in, this page shows it by itself.',
            ).classes('empty-text')
            self._kept = Text('p').classes('empty-text')
            with LightElement('div', 'missing-ways'):
                Text('a', 'Back to the board').classes('button button-strong').props('href=/ data-back')
                Text('a', 'See where your scores come from').classes('button').props('href=/data')

    def show(self, *, notes: int) -> None:
        """:param notes: how many were written about it."""
        kept = f'What was written about it is kept: {plural(notes, "note", "notes")}, below.'
        self._kept.set_text(kept if notes else '')
        self._kept.set_visibility(notes > 0)
