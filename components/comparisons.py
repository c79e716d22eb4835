"""What changed, in words, against an equal span before: never a whole day beside a part of one."""

from __future__ import annotations

from collections.abc import Sequence

from components.formats import count, points
from services.schemas import DayFigures

WEEK = 7
POINT = 10_000
"""A percentage point, in millionths."""
NO_CHANGE = 'no change'


def churn_change(days: Sequence[DayFigures]) -> str | None:
    """The mean score of the last 7 days beside that of the 7 before, as the churn trend has it.

    :param days: oldest first, without a gap, up to the query's last day.
    :returns: ``None``: there is nothing to compare.
    """
    now, before = _mean_score(days[-WEEK:]), _mean_score(days[-2 * WEEK : -WEEK])
    return None if now is None or before is None else in_points(now - before)


def retention_change(days: Sequence[DayFigures]) -> str | None:
    """What is expected now beside what was expected 7 days ago; otherwise as :func:`churn_change`."""
    if len(days) <= WEEK:
        return None
    return in_points((days[-1].retention_rate - days[-1 - WEEK].retention_rate) / 100)


def high_share_change(days: Sequence[DayFigures]) -> str | None:
    """The share of high risk among the predictions of the last 7 days beside that of the 7 before.

    Shares, for the last day may not be over; otherwise as :func:`churn_change`.
    """
    now, before = _high_share(days[-WEEK:]), _high_share(days[-2 * WEEK : -WEEK])
    return None if now is None or before is None else in_points(now - before)


def volume_change(days: Sequence[DayFigures]) -> str | None:
    """The predictions of the 7 days before the last one, which may not be over; otherwise as :func:`churn_change`."""
    whole = days[:-1]
    if len(whole) <= WEEK:
        return None
    now, before = (sum(day.predictions for day in week) for week in (whole[-WEEK:], whole[-2 * WEEK : -WEEK]))
    if now == before == 0:
        return 'none in the 7 days before, nor in the 7 before those'
    return f'{count(now) if now else "none"} in the 7 days before, {_more(now - before)} in the 7 before those'


def in_points(change: float) -> str:
    """:param change: 0..1."""
    millionths = round(change * 100 * POINT)
    if not millionths:
        return NO_CHANGE
    rounded = round(millionths, -3) or millionths  # a tenth of a point, unless that is none
    return f'{points(rounded)} {"point" if abs(rounded) == POINT else "points"}'


def _more(change: int) -> str:
    if not change:
        return 'as many as'
    return f'{count(abs(change))} {"more" if change > 0 else "fewer"} than'


def _mean_score(days: Sequence[DayFigures]) -> float | None:
    predictions = sum(day.predictions for day in days)
    if not predictions:
        return None
    return sum((day.avg_churn_score or 0) * day.predictions for day in days) / predictions


def _high_share(days: Sequence[DayFigures]) -> float | None:
    predictions = sum(day.predictions for day in days)
    return sum(day.high for day in days) / predictions if predictions else None
