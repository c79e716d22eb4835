"""What is worth telling somebody who does not look at the board: in one sentence, and seldom."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from components.formats import count, plural
from services.query import DashboardQuery
from services.schemas import Alert, AlertType, Charts

SECONDS = 30.0
"""At most one sentence in that time: a number that ticks would be read out again and again."""


class BoardNews:
    """Remembers what the reader was last told."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """:param clock: seconds, from any start."""
        self._clock = clock
        self._told_at = float('-inf')
        self._query: DashboardQuery | None = None
        self._high = 0
        self._critical: frozenset[str] | None = None

    def since(self, query: DashboardQuery, charts: Charts, alerts: Sequence[Alert]) -> str:
        """What became of the board since the reader was told, or began to look at this query; empty: nothing.

        Critical alerts are told once each, and belong to no query.
        """
        high = charts.risk_over_time[-1].high if charts.risk_over_time else 0
        critical = {alert.id: alert.message for alert in alerts if alert.type is AlertType.CRITICAL}
        if self._critical is None:
            self._critical = frozenset(critical)
        if query != self._query:
            self._query, self._high = query, high
        started = [message.rstrip('.') for number, message in critical.items() if number not in self._critical]
        words = [*(f'Critical alert: {message}.' for message in started), *_change(self._high, high)]
        now = self._clock()
        if not words or now < self._told_at + SECONDS:
            return ''
        self._told_at, self._high = now, high
        self._critical = frozenset(critical)
        return ' '.join(words)


def _change(before: int, now: int) -> list[str]:
    if before == now:
        return []
    kind = 'more' if now > before else 'fewer'
    words = plural(abs(now - before), f'{kind} customer', f'{kind} customers')
    return [f'{words} at high risk: {count(now) if now else "none"} now.']
