"""Chart titles that say what the chart shows."""

from __future__ import annotations

from collections.abc import Sequence

from components.formats import count, plural, share
from services.schemas import RiskDay, RiskLevel, ScoreBin


def distribution_finding(bins: Sequence[ScoreBin]) -> str:
    total = sum(each.count for each in bins)
    if not total:
        return 'No scores to show'
    high = sum(each.count for each in bins if each.risk_level is RiskLevel.HIGH)
    if not high:
        return f'None of {plural(total, "prediction", "predictions")} is high risk'
    part = share(high, total)
    return f'{part[0].upper()}{part[1:]} of {plural(total, "prediction is", "predictions are")} high risk'


def over_time_finding(days: Sequence[RiskDay]) -> str:
    """The last day beside the first, each with all its customers: a board that grows has more of every band."""
    if not days:
        return 'No days to show'
    now = f'{_high(days[-1])} customers at high risk'
    if len(days) == 1:
        return now
    span = len(days) - 1
    return f'{now}, {_high(days[0])} {plural(span, "day", "days")} before'


def _high(day: RiskDay) -> str:
    total = day.high + day.medium + day.low
    return f'{count(day.high)} of {count(total)} ({share(day.high, total)})'
