"""The days of the charts: who is at which risk at the end of each, and what was predicted on it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from services.calendar import day_from_number, day_number
from services.metrics import quotient
from services.schemas import DayFigures, RiskDay
from services.scores import ONE

MAX_DAYS = 90
Totals = tuple[int, int, int, int]
"""In the order of :class:`Scores`."""
NOTHING: Totals = (0, 0, 0, 0)


class Scores(NamedTuple):
    """How many scores, how many of them are high and medium, and the sum of all in millionths."""

    count: int  # type: ignore[assignment]  # what tuples count is of no use here
    high: int
    medium: int
    sum: int


class ChartDays(NamedTuple):
    """As :class:`services.schemas.Charts` has them."""

    risk_over_time: tuple[RiskDay, ...] = ()
    days: tuple[DayFigures, ...] = ()


class DaySeries:
    """Takes in what changes from day to day, in any order, and adds it up. Days are numbers since 1970-01-01."""

    def __init__(self) -> None:
        self._held: dict[int, Totals] = {}
        self._predicted: dict[int, Totals] = {}

    def begin(self, day: int, scores: Scores) -> None:
        """So many customers have these latest scores from a day on."""
        _add(self._held, day, scores, 1)

    def end(self, day: int, scores: Scores) -> None:
        """They have later ones from a day on."""
        _add(self._held, day, scores, -1)

    def predict(self, day: int, scores: Scores) -> None:
        """These are predictions of a day."""
        _add(self._predicted, day, scores, 1)

    def until(self, anchor: date) -> ChartDays:
        """From the first day on which anybody had a score, at most the last 90 days."""
        if not self._held:
            return ChartDays()
        last = day_number(anchor)
        risks: list[RiskDay] = []
        figures: list[DayFigures] = []
        customers = highs = mediums = total = 0
        for number in range(min(self._held), last + 1):
            count, high, medium, added = self._held.get(number, NOTHING)
            customers, highs, mediums, total = customers + count, highs + high, mediums + medium, total + added
            if number <= last - MAX_DAYS:
                continue
            day = day_from_number(number)
            risks.append(RiskDay(day=day, high=highs, medium=mediums, low=customers - highs - mediums))
            figures.append(_figures(day, self._predicted.get(number, NOTHING), customers, total))
        return ChartDays(tuple(risks), tuple(figures))


def first_shown(anchor: date) -> int:
    """The number of the earliest day that charts show."""
    return day_number(anchor - timedelta(days=MAX_DAYS - 1))


def _add(totals: dict[int, Totals], day: int, scores: Scores, sign: int) -> None:
    count, high, medium, total = totals.get(day, NOTHING)
    totals[day] = (
        count + sign * scores.count,
        high + sign * scores.high,
        medium + sign * scores.medium,
        total + sign * scores.sum,
    )


def _figures(day: date, predicted: Totals, customers: int, total: int) -> DayFigures:
    """:param total: the sum of the latest scores of so many customers."""
    count, high, medium, scores = predicted
    return DayFigures(
        day=day,
        predictions=count,
        avg_churn_score=quotient(scores, count * ONE, decimals=4) if count else None,
        high=high,
        medium=medium,
        low=count - high - medium,
        retention_rate=quotient(100 * (customers * ONE - total), customers * ONE, decimals=2),
    )
