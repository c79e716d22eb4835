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
    if not high:
        return f'None of {plural(total, "prediction", "predictions")} is high risk'
    part = share(high, total)
    return f'{part[0].upper()}{part[1:]} of {plural(total, "prediction is", "predictions are")} high risk'


def distribution_sentence(bins: Sequence[ScoreBin]) -> str:
    if not any(each.count for each in bins):
        return ''
    high, medium, low = (count(of_level(bins, level)) for level in reversed(RiskLevel))
    fullest = max(bins, key=lambda each: each.count)
    return (
        f'{high} high, {medium} medium and {low} low risk. '
        f'The most frequent scores are from {score_range(fullest)}: {_predictions(fullest.count)}.'
    )


def risk_finding(days: Sequence[RiskDay]) -> str:
    """The last day beside the first, each with all its customers: a board that grows has more of every band."""
    if not days:
        return NO_DAYS
    part = share(days[-1].high, customers(days[-1]))
    title = f'{part[0].upper()}{part[1:]} of customers are at high risk'
    return title + _compared(100 * _high_share(days[0]), 100 * _high_share(days[-1]), of=len(days))


def risk_sentence(days: Sequence[RiskDay]) -> str:
    if not days:
        return ''
    now = f'{_high_of(days[-1])} customers are at high risk as of {day(days[-1].day)}'
    if len(days) == 1:
        return f'{now}, the first day with data.'
    low, high = _extremes(days, [_high_share(each) for each in days])
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
    return (
        'By the latest score of every customer at the end of each day: '
        f'lowest {percent(low.retention_rate)} on {day(low.day)}, '
        f'highest {percent(high.retention_rate)} on {day(high.day)}.'
    )


def volume_finding(days: Sequence[DayFigures], *, today: date) -> str:
    """Days that are over beside as many before them: a day that has just begun would seem a quiet one."""
    over = [each for each in days if each.day < today]
    span = min(WEEK, len(over) // 2)
    if not span:
        return f'{_predictions(days[-1].predictions)} on {day(days[-1].day)}' if days else NO_DAYS
    now, then = (sum(each.predictions for each in part) for part in (over[-span:], over[-2 * span : -span]))
    end = day(over[-1].day)
    period, before = (
        (f'in the {span} days to {end}', f'in the {span} days') if span > 1 else (f'on {end}', 'on the day')
    )
    if now == then:
        words = f'as many as {before} before'
    elif then:
        words = f'{"more" if now > then else "fewer"} than the {count(then)} {before} before'
    else:
        words = f'none {before} before'
    return f'{_predictions(now)} {period}, {words}'


def volume_sentence(days: Sequence[DayFigures], *, today: date) -> str:
    if not days:
        return ''
    so_far = f' So far today: {count(days[-1].predictions)}.' if days[-1].day == today else ''
    if len(days) == 1:
        return f'The first day with data.{so_far}'
    busiest = max(days, key=lambda each: each.predictions)
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


def _high_of(of: RiskDay) -> str:
    return f'{count(of.high)} of {count(customers(of))}'


def _predictions(number: int) -> str:
    return plural(number, 'prediction', 'predictions')


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
        return f', about the same as {before}'
    return f', {size} {"more" if change > 0 else "less"} than {before}'
