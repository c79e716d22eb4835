"""What a customer's page says in whole sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from components.formats import day, plural, points, reason, score
from components.risk_chip import WORDS
from components.scorings import Scoring
from services.schemas import RiskLevel

ONE_POINT = 10_000


def scorings_of(items: Sequence[Mapping[str, Any]], zone: ZoneInfo, *, shown: int) -> list[Scoring]:
    """The newest predictions of a customer, each beside the one before it.

    :param items: newest first; one more than is shown, if there are more.
    """
    before = [*items[1:], None]
    return [_scoring(item, other, zone) for item, other in zip(items[:shown], before, strict=False)]


def question(latest: Scoring) -> str:
    """What people ask of a score that looks like this."""
    if not latest.change:
        return 'What drives this score?'
    return f'What caused this score to go {"up" if latest.change > 0 else "down"}?'


def answer(scorings: Sequence[Scoring]) -> str:
    """How the latest score differs from the one before, and which reasons came with it."""
    latest = scorings[0]
    now = f'{score(latest.score)}, {latest.level.value} risk'
    if latest.change is None:
        words = f'This is the first score: {now}.'
    elif latest.change == 0:
        words = f'As it was before: {now}.'
    else:
        direction = 'Up' if latest.change > 0 else 'Down'
        words = f'{direction} {_size(latest.change)} to {now}'
        words += f', from {score(scorings[1].score)} on {_day_of(scorings[1])}.' if len(scorings) > 1 else '.'
    if not latest.reasons:
        return f'{words} The model gave no reasons.'
    new = [text for text in latest.reasons if text in latest.new_reasons]
    return f'{words} New with it: {", ".join(map(reason, new))}.' if new and latest.change is not None else words


def finding(scorings: Sequence[Scoring], *, more: bool) -> str:
    """The chart's title: the risk now, and since when it is that.

    :param more: there are older scores, which are not shown.
    """
    latest = scorings[0]
    now = f'{WORDS[latest.level]} risk at {score(latest.score)}'
    since = next((number for number, each in enumerate(scorings) if each.level is not latest.level), len(scorings))
    if len(scorings) == 1:
        return f'{now} in the first score'
    if since == len(scorings):
        return f'{now}, as in all {len(scorings)} scores shown' if more else f'{now}, the same risk in every score'
    return f'{now} since {_day_of(scorings[since - 1])}, {scorings[since].level.value} before'


def sentence(scorings: Sequence[Scoring], *, total: int) -> str:
    """What the chart shows, for who does not see it."""
    if len(scorings) == 1:
        return f'One score, of {_day_of(scorings[0])}.'
    low, high = (choose(scorings, key=lambda each: each.score) for choose in (min, max))
    many = plural(total, 'score', 'scores')
    which = many if len(scorings) == total else f'The newest {len(scorings)} of {many}'
    first, last = _day_of(scorings[-1]), _day_of(scorings[0])
    span = f'on {last}' if first == last else f'{first} to {last}'
    if low.score == high.score:
        return f'{which}, {span}: {score(low.score)} each time.'
    return (
        f'{which}, {span}: lowest {score(low.score)} on {_day_of(low)}, highest {score(high.score)} on {_day_of(high)}.'
    )


def news(name: str, latest: Scoring) -> str:
    """A new score, announced."""
    change = '' if not latest.change else f', {points(latest.change)} points'
    return f'New score of {name}: {latest.level.value} risk, {score(latest.score)}{change}.'


def snooze_words(detail: Mapping[str, Any]) -> str:
    """Until when a customer is snoozed, and whether that has an effect; empty: it is not."""
    if 'snoozed_until' not in detail:
        return ''
    until = day(date.fromisoformat(detail['snoozed_until']))
    if detail.get('woken_up'):
        return f'Listed all the same: 10 points or more above the score at which it was snoozed until {until}'
    why = f': {detail["snooze_reason"]}' if 'snooze_reason' in detail else ''
    return f'Snoozed until {until}{why}'


def _scoring(item: Mapping[str, Any], before: Mapping[str, Any] | None, zone: ZoneInfo) -> Scoring:
    reasons = tuple(item.get('reasons') or ())
    earlier = () if before is None else tuple(before.get('reasons') or ())
    return Scoring(
        id=item['id'],
        timestamp=item['timestamp'],
        local_time=_local(item['timestamp'], zone),
        score=item['churn_score'],
        level=RiskLevel(item['risk_level']),
        change=None if before is None else _millionths(item) - _millionths(before),
        reasons=reasons,
        new_reasons=frozenset() if before is None else frozenset(reasons) - set(earlier),
        source=item.get('file_name') or 'API',
    )


def _millionths(item: Mapping[str, Any]) -> int:
    stated: float = item['churn_score']
    return round(stated * 1_000_000)


def _local(timestamp: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(timestamp).astimezone(zone).replace(tzinfo=None).isoformat(timespec='seconds')


def _day_of(scoring: Scoring) -> str:
    return day(datetime.fromisoformat(scoring.local_time).date())


def _size(change: int) -> str:
    return f'{points(abs(change))[1:]} {"point" if abs(change) == ONE_POINT else "points"}'
