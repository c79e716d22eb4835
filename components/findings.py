"""What the board's charts show, in words: a title that says it, and a sentence that says more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from components.formats import count, day, percent, percentage_points, plural, share
from services.schemas import DayFigures, RiskDay, RiskLevel, ScoreBin

NO_DAYS = 'No days to show'
WEEK = 7
DayT = TypeVar('DayT')


def distribution_finding(bins: Sequence[ScoreBin]) -> str:
    total = sum(each.count for each in bins)
    if not total:
        return 'No scores to show'
    high = of_level(bins, RiskLevel.HIGH)
    if total == 1:
        return f'The only prediction is {"high" if high else "not high"} risk'
    if not high:
        return f'None of {_predictions(total)} is high risk'
    if high == total:
        return f'All {_predictions(total)} are high risk'
    return f'{_capital(share(high, total))} of {_predictions(total)} are high risk'


def distribution_sentence(bins: Sequence[ScoreBin]) -> str:
    total = sum(each.count for each in bins)
    if not total:
        return ''
    fullest = max(bins, key=lambda each: each.count)
    if total == 1:
        return f'Its score is from {score_range(fullest)}.'
    high, medium, low = (count(of_level(bins, level)) for level in reversed(RiskLevel))
    numbers = f'{high} high, {medium} medium and {low} low risk.'
    if fullest.count == 1:
        return numbers  # none is more frequent than others
    if fullest.count == total:
        return f'{numbers} All scores are from {score_range(fullest)}.'
    return f'{numbers} The most frequent scores are from {score_range(fullest)}: {_predictions(fullest.count)}.'


def risk_finding(days: Sequence[RiskDay]) -> str:
    """The last day beside the first, each with all its customers: a board that grows has more of every band."""
    if not days:
        return NO_DAYS
    return _share_at_risk(days[-1]) + _compared(100 * _high_share(days[0]), 100 * _high_share(days[-1]), of=len(days))


def risk_sentence(days: Sequence[RiskDay]) -> str:
    if not days:
        return ''
    now = f'{_number_at_risk(days[-1])} as of {day(days[-1].day)}'
    if len(days) == 1:
        return f'{now}, the first day with data.'
    shares = [_high_share(each) for each in days]
    low, high = _extremes(days, shares)
    if min(shares) == max(shares):
        return f'{now}. The share was the same on every day.'
    return (
        f'{now}. The share was lowest on {day(low.day)} ({_high_of(low)}) '
        f'and highest on {day(high.day)} ({_high_of(high)}).'
    )


def retention_finding(days: Sequence[DayFigures]) -> str:
    if not days:
        return NO_DAYS
    before, now = days[0].retention_rate, days[-1].retention_rate
    return f'{percent(now)} of customers are expected to stay{_compared(before, now, of=len(days))}'


def retention_sentence(days: Sequence[DayFigures]) -> str:
    if not days:
        return ''
    if len(days) == 1:
        return f'By the scores of {day(days[0].day)}, the first day with data.'
    low, high = _extremes(days, [each.retention_rate for each in days])
    scores = 'By the latest score of every customer at the end of each day'
    if low.retention_rate == high.retention_rate:
        return f'{scores}: {percent(low.retention_rate)} on every day.'
    return (
        f'{scores}: lowest {percent(low.retention_rate)} on {day(low.day)}, '
        f'highest {percent(high.retention_rate)} on {day(high.day)}.'
    )


def volume_finding(days: Sequence[DayFigures], *, today: date) -> str:
    """Days that are over beside as many before them: a day that has just begun would seem a quiet one."""
    over = [each for each in days if each.day < today]
    span = min(WEEK, len(over) // 2)
    if not span:
        return f'{_capital(_predictions(days[-1].predictions))} on {day(days[-1].day)}' if days else NO_DAYS
    now, then = (sum(each.predictions for each in part) for part in (over[-span:], over[-2 * span : -span]))
    end = day(over[-1].day)
    period, before = (
        (f'in the {span} days to {end}', f'in the {span} days') if span > 1 else (f'on {end}', 'on the day')
    )
    if now == then == 0:
        words = f'nor {before} before'
    elif now == then:
        words = f'as many as {before} before'
    elif then:
        words = f'{"more" if now > then else "fewer"} than the {count(then)} {before} before'
    else:
        words = f'none {before} before'
    return f'{_capital(_predictions(now))} {period}, {words}'


def volume_sentence(days: Sequence[DayFigures], *, today: date) -> str:
    if not days:
        return ''
    so_far = _so_far(days[-1].predictions) if days[-1].day == today else ''
    if len(days) == 1:
        return f'The first day with data.{so_far}'
    busiest = max(days, key=lambda each: each.predictions)
    if not busiest.predictions:
        return f'No predictions in {count(len(days))} days.{so_far}'
    idle = sum(not each.predictions for each in days)
    none = f', none on {count(idle)} of them' if idle else ''
    return (
        f'{_predictions(sum(each.predictions for each in days))} in {count(len(days))} days{none}. '
        f'The most on {day(busiest.day)}: {count(busiest.predictions)}.{so_far}'
    )


def of_level(bins: Sequence[ScoreBin], level: RiskLevel) -> int:
    return sum(each.count for each in bins if each.risk_level is level)


def score_range(scores: ScoreBin) -> str:
    return f'{scores.lower * 100:.0f} to {percent(round(scores.upper * 100), decimals=0)}'


def customers(of: RiskDay) -> int:
    return of.high + of.medium + of.low


def _high_share(of: RiskDay) -> float:
    return of.high / customers(of) if of.high else 0.0


def _share_at_risk(of: RiskDay) -> str:
    every = customers(of)
    if every == 1:
        return f'The only customer is {"at" if of.high else "not at"} high risk'
    if of.high in (0, every):
        return 'All customers are at high risk' if of.high else 'No customer is at high risk'
    return f'{_capital(share(of.high, every))} of customers are at high risk'


def _number_at_risk(of: RiskDay) -> str:
    every = customers(of)
    if every == 1:
        return _share_at_risk(of)
    if of.high == every:
        return f'All {count(every)} customers are at high risk'
    many = count(of.high) if of.high else 'None'
    return f'{many} of {count(every)} customers {"are" if of.high > 1 else "is"} at high risk'


def _high_of(of: RiskDay) -> str:
    return f'{count(of.high)} of {count(customers(of))}'


def _predictions(number: int) -> str:
    return plural(number, 'prediction', 'predictions') if number else 'no predictions'


def _so_far(number: int) -> str:
    return f' So far today: {count(number)}.' if number else ' None so far today.'


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _extremes(days: Sequence[DayT], values: Sequence[float]) -> tuple[DayT, DayT]:
    """The first of the days with the lowest value, and that with the highest."""
    return days[values.index(min(values))], days[values.index(max(values))]


def _compared(first: float, last: float, *, of: int) -> str:
    """The last of some days beside the first, in points; nothing where there is but one."""
    if of == 1:
        return ''
    before = f'{plural(of - 1, "day", "days")} earlier'
    change = last - first
    size = percentage_points(change)
    if not size:
        return f', {"about " if change else ""}the same as {before}'
    return f', {size} {"more" if change > 0 else "less"} than {before}'
