"""When an alert starts and when it ends, over all of a user's data. A rule ends below where it starts: no chatter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.aggregates import Total
from services.metrics import quotient
from services.schemas import AlertType
from services.scores import ONE

STALE = timedelta(hours=48)


class AlertFacts(NamedTuple):
    """What the rules look at. A tuple: the facts of every user are kept, and made anew when the data changes."""

    now: datetime
    today: date
    customers: int
    customers_high: int
    """Customers whose latest score is high."""
    week: Total
    week_before: Total
    newly_high: tuple[int, ...]
    """Customers high as of the end of a day and not the day before, for today and the 7 days before it."""
    newest: datetime | None

    def at(self, now: datetime) -> AlertFacts:
        """The same at another time of the same day."""
        return AlertFacts(now, *self[1:])


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """``starts`` and ``ends`` decide from the facts; ``ends`` may ask for the day the alert started on."""

    key: str
    type: AlertType
    starts: Callable[[AlertFacts], bool]
    ends: Callable[[AlertFacts, Callable[[], date]], bool]
    message: Callable[[AlertFacts], str]


def share_reaches(facts: AlertFacts, percent: int) -> bool:
    """Whether the share of customers at high risk is that large; in whole numbers, since it is asked at every beat."""
    return facts.customers > 0 and 100 * facts.customers_high >= percent * facts.customers


def rise_reaches(facts: AlertFacts, points: int) -> bool:
    """Whether the mean score rose by so many hundredths."""
    rise, whole = rise_in_points(facts)
    return rise >= points * whole


def rise_in_points(facts: AlertFacts) -> tuple[int, int]:
    """By how many hundredths the mean score rose, as numerator and denominator."""
    now, before = facts.week, facts.week_before
    if not now.count or not before.count:
        return 0, 1
    return 100 * (now.sum * before.count - before.sum * now.count), now.count * before.count * ONE


def newly_high_surge(facts: AlertFacts) -> bool:
    today, *before = facts.newly_high
    return today >= 5 and today * len(before) >= 2 * sum(before)


def silent(facts: AlertFacts) -> bool:
    return facts.newest is not None and facts.now - facts.newest > STALE


def high_share_words(facts: AlertFacts) -> str:
    if facts.customers_high == facts.customers:
        one = facts.customers == 1
        return 'The only customer is at high risk' if one else f'All {facts.customers:,} customers are at high risk'
    return (
        f'{tenths(100 * facts.customers_high, facts.customers)} % of customers are at high risk '
        f'({facts.customers_high:,} of {facts.customers:,})'
    )


def newly_high_words(facts: AlertFacts) -> str:
    """An alert that has started lasts for the day, also where those who became high risk were corrected meanwhile."""
    today, *before = facts.newly_high
    many = f'{today:,}' if today else 'No'
    usual = f'{tenths(sum(before), len(before))} a day' if any(before) else 'none'
    return f'{many} {"customers" if today > 1 else "customer"} became high risk today; {usual} in the 7 days before'


RULES = (
    AlertRule(
        key='high-share',
        type=AlertType.CRITICAL,
        starts=lambda facts: share_reaches(facts, 20),
        ends=lambda facts, _: not share_reaches(facts, 18),
        message=high_share_words,
    ),
    AlertRule(
        key='mean-rise',
        type=AlertType.WARNING,
        starts=lambda facts: rise_reaches(facts, 5),
        ends=lambda facts, _: not rise_reaches(facts, 4),
        message=lambda facts: (
            f'Average churn risk of the last 7 days is {tenths(*rise_in_points(facts))} points above '
            'that of the 7 days before'
        ),
    ),
    AlertRule(
        key='newly-high',
        type=AlertType.WARNING,
        starts=newly_high_surge,
        ends=lambda facts, started: facts.today != started(),
        message=newly_high_words,
    ),
    AlertRule(
        key='silent',
        type=AlertType.INFO,
        starts=silent,
        ends=lambda facts, _: not silent(facts),
        message=lambda facts: f'No new predictions since {facts.newest:%Y-%m-%d %H:%M} UTC',
    ),
)


def tenths(numerator: int, denominator: int) -> str:
    """A quotient with one decimal, rounded half to even; 0.0 where nothing is divided."""
    size = f'{quotient(abs(numerator), denominator, decimals=1):.1f}'
    return size if numerator >= 0 or size == '0.0' else f'-{size}'
