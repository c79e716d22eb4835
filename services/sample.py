"""The sample workspace: a believable customer base with 90 days of scores, and what it goes on to do.

Everything follows from the seed and ``now``: the same arguments give the same rows.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.calendar import DAY, day_of, day_start
from services.clock import to_micros
from services.prediction_rows import PredictionRow
from services.sample_words import FIRST, FORMS, LOWERING, RAISING, STRUGGLING, TRADES
from services.scores import ONE

CUSTOMERS = 2_000
DAYS = 90
UTC_ZONE = ZoneInfo('UTC')

USUAL_LOGIT, SPREAD = -1.38, 1.55  # most customers safe, about one in ten at high risk
PULL, STEP = 0.08, 0.16  # a day's way back to the customer's own level, and a day's chance
BAD_DAYS, BAD_DRIFT = 10, 0.14  # what the struggling trades go through at the end
WATCHED_FROM = 900_000  # customers nearly lost are scored every day
PAUSES = (5, 5, 6, 6, 6, 7)  # days between the scores of the others
LATECOMERS = 0.08  # the share of customers who joined during these days
WEEKDAY_LOGIT = (0.08, 0.04, 0.0, -0.03, -0.05, -0.05, 0.01)  # Monday first: quiet weekends show on Mondays
FIRST_HOUR, LAST_HOUR = 5, 21  # when scores come in


@dataclass(frozen=True)
class SampleCustomer:
    id: str
    name: str
    account_value: int
    level: float
    """The logit its scores return to."""
    struggling: bool
    since: int
    """The first of the days it is scored on."""


class _Moment(NamedTuple):
    """A customer is scored."""

    at: int
    customer: SampleCustomer
    score: int
    change: int


def sample_rows(*, now: datetime, zone: ZoneInfo = UTC_ZONE, seed: int = 7) -> Iterator[PredictionRow]:
    """The history of the sample workspace in order of time, up to just before ``now``.

    :param zone: whose days these are, so that "today" already has its share of predictions.
    """
    rng = random.Random(seed)
    calendar = _Calendar(now, zone)
    moments = [moment for customer in _customers(rng) for moment in _history(customer, calendar, rng)]
    moments.sort(key=lambda moment: (moment.at, moment.customer.id))
    for line, moment in enumerate(moments, start=1):
        yield PredictionRow(
            line,
            moment.customer.id,
            moment.score,
            moment.at,
            customer_name=moment.customer.name,
            account_value=moment.customer.account_value,
            reasons=_reasons(moment.score, moment.change, rng),
        )


def next_scores(customers: Sequence[tuple[str, int]], *, rng: random.Random, count: int) -> list[PredictionRow]:
    """What the sample feed sends next: new scores, near the last ones, of a few of these customers.

    :param customers: (customer id, last score in millionths).
    """
    chosen = rng.sample(customers, min(count, len(customers)))
    return [_nudged(line, customer_id, score, rng) for line, (customer_id, score) in enumerate(chosen, start=1)]


def _nudged(line: int, customer_id: str, last: int, rng: random.Random) -> PredictionRow:
    share = min(max(last / ONE, 0.01), 0.99)
    score = _score(math.log(share / (1 - share)) + rng.gauss(0, 0.35))
    return PredictionRow(line, customer_id, score, None, reasons=_reasons(score, score - last, rng))


def _customers(rng: random.Random) -> Iterator[SampleCustomer]:
    names = rng.sample([(first, trade) for first in FIRST for trade in TRADES], CUSTOMERS)
    for number, (first, trade) in enumerate(names, start=1001):
        yield SampleCustomer(
            id=f'S-{number}',
            name=f'{first} {trade} {rng.choice(FORMS)}',
            account_value=max(round(rng.lognormvariate(6.2, 0.9) * 100), 900) * (ONE // 100),
            level=rng.gauss(USUAL_LOGIT, SPREAD),
            struggling=trade in STRUGGLING,
            since=rng.randrange(DAYS - 7) if rng.random() < LATECOMERS else 0,
        )


class _Calendar:
    """The days of the history, the last of which is today and ends at ``now``."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        today = day_of(now, zone)
        self.days: list[date] = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
        self.starts = [day_start(day, zone) for day in self.days]
        self.today_passed = to_micros(now) - self.starts[-1]

    def instant(self, day: int, rng: random.Random) -> int | None:
        """Some moment of that day; None if it is yet to come. Even early in the morning a few have passed."""
        offset = int(rng.uniform(FIRST_HOUR, LAST_HOUR) * DAY / 24)
        if day == DAYS - 1 and offset >= self.today_passed:
            if self.today_passed == 0 or rng.random() >= 0.05:
                return None
            offset = rng.randrange(self.today_passed)
        return self.starts[day] + offset


def _history(customer: SampleCustomer, calendar: _Calendar, rng: random.Random) -> Iterator[_Moment]:
    logit = customer.level + rng.gauss(0, 0.3)
    due = customer.since
    last: int | None = None
    for day in range(customer.since, DAYS):
        logit += PULL * (customer.level - logit) + rng.gauss(0, STEP)
        if customer.struggling and day >= DAYS - BAD_DAYS:
            logit += BAD_DRIFT
        if day < due and (last is None or last < WATCHED_FROM):
            continue
        # everybody is scored on the first day; after it the days share the customers
        due = max(due, day + (rng.choice(PAUSES) if last is not None else rng.randint(1, 7)))
        at = calendar.instant(day, rng)
        if at is None:
            continue
        score = _score(logit + WEEKDAY_LOGIT[calendar.days[day].weekday()])
        change = 0 if last is None else score - last
        last = score
        yield _Moment(at, customer, score, change)


def _score(logit: float) -> int:
    """Millionths, with the four decimals that models usually report."""
    return round(10_000 / (1 + math.exp(-logit))) * (ONE // 10_000)


def _reasons(score: int, change: int, rng: random.Random) -> str:
    """Two or three: first what explains the last change, then what fits the score."""
    risen = change > 0 if change else score * 2 > ONE
    first = rng.choice(RAISING if risen else LOWERING)
    others = rng.sample(RAISING if rng.random() * ONE < score else LOWERING, 2)
    return '\n'.join([first, *(reason for reason in others if reason != first)])
