"""The board's numbers worked out anew from a list of rows: plain Python, exact fractions, written from the definitions.

It shares no code with ``services``, so that both are wrong in the same way only if the definitions are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HIGH, MEDIUM = 700_000, 400_000
BANDS = {'high': range(HIGH, 1_000_001), 'medium': range(MEDIUM, HIGH), 'low': range(MEDIUM)}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A prediction as it is after all corrections; ``score`` and ``value`` in millionths."""

    arrival: int
    customer: str
    score: int
    at: datetime
    source: str = 'scores.csv'
    name: str | None = None
    value: int | None = None

    @property
    def order(self) -> tuple[datetime, int]:
        return self.at, self.arrival

    @property
    def risk(self) -> str:
        return next(risk for risk, scores in BANDS.items() if self.score in scores)


def rows_of(predictions: Iterable[Any], *, source: str = 'scores.csv', first: int = 1) -> list[Row]:
    """What rows given to the ingest become, if none of them is a duplicate or a correction."""
    return [
        Row(
            arrival=arrival,
            customer=given.customer_id,
            score=given.score,
            at=EPOCH + timedelta(microseconds=given.predicted_at),
            source=source,
            name=given.customer_name,
            value=given.account_value,
        )
        for arrival, given in enumerate(predictions, start=first)
    ]


class Oracle:
    """What the board must say of all of one user's rows.

    :param query: the public keys, dates and scores as text.
    """

    def __init__(
        self, rows: Collection[Row], *, now: datetime, zone: str = 'UTC', query: Mapping[str, Any] | None = None
    ) -> None:
        self._all = sorted(rows, key=lambda row: row.order)
        self._zone = ZoneInfo(zone)
        self._query = query or {}
        self.today = now.astimezone(self._zone).date()
        self._first, self._last = self._days()
        self.anchor = min(self.today, self._last) if self._last else self.today
        self.rows = [row for row in self._all if self._matches(row)]
        """S, oldest first."""

    def day(self, row: Row) -> date:
        return row.at.astimezone(self._zone).date()

    def metrics(self) -> dict[str, float]:
        week = {row.customer for row in self._within(self._week())}
        month = {row.customer for row in self._within(self._last_days(30))}
        today = self._within([self.today])
        return {
            'total_predictions': len(self.rows),
            'avg_churn_score': _rounded(_mean(self.rows), 4),
            **{f'{risk}_risk_predictions': sum(row.risk == risk for row in self.rows) for risk in BANDS},
            'engagement_score': _rounded(Fraction(100 * len(week), len(month)), 2) if month else 0.0,
            'retention_rate': _rounded(_retention(self.rows), 2),
            'active_users_today': len({row.customer for row in today}),
            'new_predictions_today': len(today),
        }

    def trends(self) -> dict[str, str]:
        week, before = self._within(self._week()), self._within(self._week_before())
        days, days_before = ({(row.customer, self.day(row)) for row in rows} for rows in (week, before))
        growth = Fraction(len(days), len(days_before)) - 1 if days and days_before else None
        return {
            'churn_trend': _trend(_difference(_mean(week), _mean(before)), Fraction(1, 100)),
            'engagement_trend': _trend(growth, Fraction(5, 100)),
            'retention_trend': _trend(
                _difference(
                    _retention(self._up_to(self.anchor)), _retention(self._up_to(self.anchor - timedelta(days=7)))
                ),
                Fraction(1),
            ),
        }

    def recent(self) -> list[int]:
        """Arrivals of the 20 newest predictions, newest first."""
        return [row.arrival for row in self.rows[:-21:-1]]

    def histogram(self) -> list[int]:
        counts = [0] * 20
        for row in self.rows:
            counts[min(row.score // 50_000, 19)] += 1
        return counts

    def at_risk(self) -> list[int]:
        """Arrivals of the customers' latest predictions in S: highest score first, then latest arrival; at most 20."""
        latest = sorted(_latest(self.rows).values(), key=lambda row: (row.score, row.arrival), reverse=True)
        return [row.arrival for row in latest[:20]]

    def change(self, customer: str) -> int | None:
        """Latest score in S minus that as of the end of the day 7 days before the anchor, in millionths."""
        now, then = (_latest(self._up_to(day)).get(customer) for day in (date.max, self.anchor - timedelta(days=7)))
        return now.score - then.score if now and then else None

    def by_change(self) -> list[int]:
        """Arrivals of the customers' latest predictions in S: largest rise first, then by risk; last without change."""

        def place(row: Row) -> tuple[bool, int, int, int]:
            change = self.change(row.customer)
            return change is not None, change or 0, row.score, row.arrival

        return [row.arrival for row in sorted(_latest(self.rows).values(), key=place, reverse=True)]

    def revenue(self) -> tuple[int, int, int]:
        """Customers whose latest score in S is high; those of them with a value; the sum of these in millionths."""
        high = [row for row in _latest(self.rows).values() if row.risk == 'high']
        values = [value for row in high if (value := self.value(row)) is not None]
        return len(high), len(values), sum(values)

    def customers(self) -> int:
        return len({row.customer for row in self.rows})

    def risk_over_time(self) -> list[tuple[date, int, int, int]]:
        """(day, high, medium, low): customers as of each day's end, from the first day of S, at most 90 days."""
        risks = [(day, [row.risk for row in _latest(self._up_to(day)).values()]) for day in self._shown_days()]
        return [(day, found.count('high'), found.count('medium'), found.count('low')) for day, found in risks]

    def days(self) -> list[dict[str, Any]]:
        """The predictions of each of these days, and expected retention as of its end."""
        return [
            {
                'day': day,
                'predictions': len(rows),
                'avg_churn_score': _rounded(_mean(rows), 4) if rows else None,
                **{risk: sum(row.risk == risk for row in rows) for risk in BANDS},
                'retention_rate': _rounded(_retention(self._up_to(day)), 2),
            }
            for day in self._shown_days()
            for rows in [self._within([day])]
        ]

    def newly_high(self) -> list[int]:
        """Customers high as of a day's end and not as of the end of the day before, for today and the 7 days before."""
        counts = []
        for back in range(8):
            day = self.today - timedelta(days=back)
            high, before = (
                {customer for customer, row in _latest(self._up_to(end)).items() if row.risk == 'high'}
                for end in (day, day - timedelta(days=1))
            )
            counts.append(len(high - before))
        return counts

    def name(self, customer: str) -> str | None:
        """The name that the newest row stating one states."""
        stated = [row.name for row in self._all if row.customer == customer and row.name is not None]
        return stated[-1] if stated else None

    def value(self, row: Row) -> int | None:
        """The row's own account value, else the newest one stated for its customer."""
        stated = [other.value for other in self._all if other.customer == row.customer and other.value is not None]
        return row.value if row.value is not None else stated[-1] if stated else None

    def _days(self) -> tuple[date | None, date | None]:
        lengths = {'today': 1, '7d': 7, '30d': 30, '90d': 90}
        if length := lengths.get(self._query.get('range', 'all')):
            return self.today - timedelta(days=length - 1), self.today
        first, last = (self._query.get(key) for key in ('from', 'to'))
        return date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None

    def _matches(self, row: Row) -> bool:
        day, score = self.day(row), Fraction(row.score, 1_000_000)
        text = self._query.get('q', '').casefold()
        return (
            (self._first is None or self._first <= day)
            and (self._last is None or day <= self._last)
            and row.risk in self._query.get('risk', 'low,medium,high').split(',')
            and Fraction(self._query.get('min_score', '0')) <= score <= Fraction(self._query.get('max_score', '1'))
            and self._query.get('source', row.source) == row.source
            and any(text in (part or '').casefold() for part in (row.customer, self.name(row.customer)))
        )

    def _shown_days(self) -> list[date]:
        """From the first day of S to the anchor, at most 90."""
        if not self.rows:
            return []
        first = max(self.day(self.rows[0]), self.anchor - timedelta(days=89))
        return [first + timedelta(days=n) for n in range((self.anchor - first).days + 1)]

    def _last_days(self, count: int, *, end: date | None = None) -> list[date]:
        return [(end or self.anchor) - timedelta(days=back) for back in range(count)]

    def _week(self) -> list[date]:
        return self._last_days(7)

    def _week_before(self) -> list[date]:
        return self._last_days(7, end=self.anchor - timedelta(days=7))

    def _within(self, days: Collection[date]) -> list[Row]:
        return [row for row in self.rows if self.day(row) in days]

    def _up_to(self, day: date) -> list[Row]:
        return [row for row in self.rows if self.day(row) <= day]


def _latest(rows: Iterable[Row]) -> dict[str, Row]:
    """Each customer's last row of rows in order."""
    return {row.customer: row for row in rows}


def _mean(rows: Collection[Row]) -> Fraction | None:
    return Fraction(sum(row.score for row in rows), len(rows) * 1_000_000) if rows else None


def _retention(rows: Iterable[Row]) -> Fraction | None:
    churn = _mean(_latest(rows).values())
    return None if churn is None else 100 * (1 - churn)


def _difference(now: Fraction | None, before: Fraction | None) -> Fraction | None:
    return None if now is None or before is None else now - before


def _trend(change: Fraction | None, band: Fraction) -> str:
    if change is None or -band <= change <= band:
        return 'stable'
    return 'increasing' if change > band else 'decreasing'


def _rounded(value: Fraction | None, decimals: int) -> float:
    """Half to even, in whole numbers."""
    if value is None:
        return 0.0
    whole, rest = divmod(value * 10**decimals, 1)
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2):
        whole += 1
    return float(Fraction(whole, 10**decimals))
