from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from components.choice import choice
from components.filter_chips import filter_chips
from components.filter_field import FilterField, field_id
from components.markup import Markup, Node, tag
from components.risk_chip import ICONS, WORDS
from services.schemas import RiskLevel

CUSTOM = 'custom'
PERIODS = {'all': 'All', 'today': 'Today', '7d': '7 days', '30d': '30 days', '90d': '90 days', CUSTOM: 'Custom'}
RISKS = {level.value: f'{ICONS[level]} {WORDS[level]}' for level in (RiskLevel.HIGH, RiskLevel.MEDIUM, RiskLevel.LOW)}
TEXT = {
    'type': 'search',
    'maxlength': '100',
    'placeholder': 'Name or id',
    'autocomplete': 'off',
    'spellcheck': 'false',
    'data_key': '/',
}
SCORE = {'type': 'number', 'min': '0', 'max': '100', 'step': '1', 'inputmode': 'numeric', 'autocomplete': 'off'}
DAY = {'type': 'date', 'min': '1970-01-01', 'max': '2200-12-31'}
CUSTOMER = FilterField(key='q', label='Customer', attributes=TEXT)
SCORES = (
    FilterField(key='min_score', label='Score from', attributes=SCORE | {'placeholder': '0'}, suffix='%'),
    FilterField(key='max_score', label='Score to', attributes=SCORE | {'placeholder': '100'}, suffix='%'),
)
DATES = (
    FilterField(key='from', label='From', attributes=DAY),
    FilterField(key='to', label='To', attributes=DAY),
)
FIELDS = (CUSTOMER, *SCORES, *DATES)


class FilterBar(Markup):
    """What is asked of the board. A form: its reset button clears what was typed before the server knows."""

    def __init__(
        self,
        *,
        begins: Mapping[str, str],
        on_risk: Callable[[str], Any],
        on_period: Callable[[str], Any],
        on_input: Callable[[str, object], Any],
        on_clear: Callable[[str], Any],
        on_reset: Callable[[], Any],
    ) -> None:
        """
        :param begins: what stands in the fields as the page comes.
        :param on_clear: told the name of the filter that is taken back.
        """
        self._begins = dict(begins)
        super().__init__(
            self._form(risk=(), period='all', errors={}, chips={}),
            actions={
                'risk': on_risk,
                'period': on_period,
                'clear': on_clear,
                'reset': lambda _item: on_reset(),
            },
            entries={'filter': on_input},
        )
        self.mark('filters')

    def write(self, values: Mapping[str, str]) -> None:
        """Put these values into the fields, and nothing into the others."""
        written = {field_id(field.key): values.get(field.key, '') for field in FIELDS}
        self.client.run_javascript(f'writeFields({json.dumps(written)})')

    def show(self, *, risk: Collection[str], period: str, errors: Mapping[str, str], chips: Mapping[str, str]) -> None:
        """:param chips: the filters that are set, in words."""
        self.draw(self._form(risk=risk, period=period, errors=errors, chips=chips))

    def _form(self, *, risk: Collection[str], period: str, errors: Mapping[str, str], chips: Mapping[str, str]) -> Node:
        def drawn(field: FilterField) -> Node:
            return field.draw(begins=self._begins.get(field.key), error=errors.get(field.key, ''))

        toggle = tag(
            'button',
            'button filters-toggle',
            f'Filters ({len(chips)})' if chips else 'Filters',
            type='button',
            aria_expanded='false',
            data_toggle_filters='',
        )
        body = tag(
            'div',
            'filters-body',
            drawn(CUSTOMER),
            choice('Risk', RISKS, risk, name='risk'),
            tag('div', 'field-group', *map(drawn, SCORES)),
            choice('Period', PERIODS, (period,), name='period'),
            tag('div', 'field-group' if period == CUSTOM else 'field-group hidden', *map(drawn, DATES)),
        )
        return tag(
            'form',
            'filters',
            toggle,
            body,
            filter_chips(chips, may_reset=bool(chips or errors)),
            role='search',
            aria_label='Filters',
            data_reset='reset',
        )
