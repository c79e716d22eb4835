"""What one browser tab is looking at. Knows no NiceGUI, so that every rule here is tested without a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from components.formats import day
from services.errors import InvalidRequest
from services.query import DashboardQuery, DateRange
from services.schemas import RiskLevel

CUSTOM = 'custom'
PERIODS = (*(each.value for each in DateRange), CUSTOM)
SCORES = ('min_score', 'max_score')
TYPED_FILTERS = ('q', *SCORES)
TYPED_DAYS = ('from', 'to')
TYPED_BY = {'q': ('q',), 'score': SCORES, 'period': TYPED_DAYS}
"""The fields that belong to a filter."""
NO_TEXT = '\0'
"""Stands for what is no text at all; every field refuses it."""
PERCENT = re.compile(r'\d{1,3}(\.\d{1,4})?', re.ASCII)
PERIOD_WORDS = {'today': 'today', '7d': 'the last 7 days', '30d': 'the last 30 days', '90d': 'the last 90 days'}


@dataclass(kw_only=True)
class ViewState:
    """The filters as typed and chosen, and the query that follows from them.

    A field that cannot be used is left out of the query and has a message; the other fields keep working.
    """

    query: DashboardQuery = field(default_factory=DashboardQuery)
    errors: dict[str, str] = field(default_factory=dict)
    risk: frozenset[str] = frozenset()
    period: str = DateRange.ALL.value
    source: str | None = None
    """The name of the source all shown predictions came from; chosen by a link, not on the board."""
    typed: dict[str, str] = field(default_factory=dict)

    @property
    def chips(self) -> dict[str, str]:
        """The filters that narrow the board, each in words, by the name that :meth:`clear` knows.

        Days are written for whoever they are written for now.
        """
        query = self.query
        words = {
            'risk': ' or '.join(level.value for level in reversed(query.risk)) + ' risk' if query.risk else '',
            'q': f'“{query.text}” in name or id' if query.text else '',
            'score': self._describe_scores(),
            'period': self._describe_days(),
            'source': f'from {query.source}' if query.source else '',
        }
        return {name: text for name, text in words.items() if text}

    def toggle_risk(self, level: object) -> None:
        if level in list(RiskLevel):  # a set would choke on what cannot be hashed
            self.risk = self.risk ^ {str(level)}
            self.apply()

    def choose_period(self, period: object) -> None:
        if period in PERIODS:
            self.period = str(period)
            self.apply()

    def enter(self, key: str, value: object) -> None:
        """Take what was typed into a field; the value comes from a browser and may be anything."""
        if key in (*TYPED_FILTERS, *TYPED_DAYS):
            self.typed[key] = value.strip() if isinstance(value, str) else NO_TEXT
            self.apply()

    def clear(self, name: object) -> None:
        """Take one filter back."""
        if name == 'risk':
            self.risk = frozenset()
        elif name == 'source':
            self.source = None
        elif name == 'period':
            self.period = DateRange.ALL.value
        for key in TYPED_BY.get(name, ()) if isinstance(name, str) else ():
            self.typed.pop(key, None)
        self.apply()

    def reset(self) -> None:
        self.risk, self.period, self.source = frozenset(), DateRange.ALL.value, None
        self.typed.clear()
        self.apply()

    def describe(self) -> str:
        """The filters in words, for the reader who sees nothing because of them."""
        return ', '.join(self.chips.values()) or 'these filters'

    def apply(self) -> None:
        """Make the query of what is chosen and typed."""
        self.errors = {}
        query = self._without_faults(self._filter_values(), DashboardQuery().with_filter)
        self.query = self._without_faults(self._date_values(), query.with_dates)

    def _without_faults(
        self, values: dict[str, object], build: Callable[[dict[str, object]], DashboardQuery]
    ) -> DashboardQuery:
        while True:
            try:
                return build(values)
            except InvalidRequest as error:
                if error.field not in values:
                    raise
                self.errors[error.field] = f'{error.message} Not applied.'
                del values[error.field]

    def _filter_values(self) -> dict[str, object]:
        values: dict[str, object] = {'risk': sorted(self.risk)} if self.risk else {}
        values |= {key: text for key, text in (('q', self.typed.get('q')), ('source', self.source)) if text}
        for key in SCORES:
            typed = self.typed.get(key, '')
            if PERCENT.fullmatch(typed) and Decimal(typed) <= 100:
                values[key] = str(Decimal(typed) / 100)
            elif typed:
                self.errors[key] = 'Write a percentage from 0 to 100. Not applied.'
        return values

    def _date_values(self) -> dict[str, object]:
        if self.period != CUSTOM:
            return {'range': self.period}
        return {key: typed for key in TYPED_DAYS if (typed := self.typed.get(key))}

    def _describe_scores(self) -> str:
        low, high = (self.typed.get(key) if key not in self.errors else None for key in SCORES)
        if low and high:
            return f'a score from {low} to {high} %'
        if low:
            return f'a score of {low} % or more'
        return f'a score of {high} % or less' if high else ''

    def _describe_days(self) -> str:
        query = self.query
        if query.range:
            return PERIOD_WORDS[query.range.value]
        if query.first_day and query.last_day:
            return f'{day(query.first_day)} to {day(query.last_day)}'
        if query.first_day:
            return f'{day(query.first_day)} or later'
        return f'{day(query.last_day)} or earlier' if query.last_day else ''
