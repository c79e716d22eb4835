from __future__ import annotations

from datetime import date, timedelta

import pytest

from components.comparisons import churn_change, high_share_change, retention_change, volume_change
from services.schemas import DayFigures

TODAY = date(2026, 11, 25)


def days(*predictions: int, score: float = 0.5, high: int = 0, retention: float = 60) -> list[DayFigures]:
    """The days up to today."""
    first = TODAY - timedelta(days=len(predictions) - 1)
    return [
        DayFigures(
            day=first + timedelta(days=number),
            predictions=count,
            avg_churn_score=score if count else None,
            high=high,
            medium=0,
            low=count - high,
            retention_rate=retention,
        )
        for number, count in enumerate(predictions)
    ]


def two_weeks(before: dict[str, float | int], now: dict[str, float | int]) -> list[DayFigures]:
    earlier, later = days(*[10] * 7, **before), days(*[10] * 7, **now)  # type: ignore[arg-type]
    return [*earlier, *later]


@pytest.mark.parametrize(
    ('before', 'now', 'words'),
    [
        (0.41, 0.422, '+1.2 points'),
        (0.41, 0.42, '+1 point'),
        (0.42, 0.41, '\u22121 point'),
        (0.5, 0.5, 'no change'),
        (0.5, 0.5004, '+0.04 points'),
        (0.1, 0.9, '+80 points'),
    ],
)
def test_a_mean_is_compared_in_percentage_points(before: float, now: float, words: str) -> None:
    assert churn_change(two_weeks({'score': before}, {'score': now})) == words


def test_a_mean_weighs_each_day_by_its_predictions() -> None:
    quiet, busy = days(1, score=0.9)[0], days(9, score=0.1)[0]
    before = days(*[10] * 7, score=0.18)
    assert churn_change([*before, *days(*[0] * 5), quiet, busy]) == 'no change'


def test_a_share_of_high_risk_is_compared_not_a_number_that_a_part_of_a_day_would_lower() -> None:
    before, now = days(*[10] * 7, high=2), [*days(*[10] * 6, high=3), *days(1)]
    assert high_share_change([*before, *now]) == '+9.5 points'


def test_retention_is_compared_with_seven_days_ago() -> None:
    assert retention_change([*days(1, retention=60.5), *days(*[1] * 7, retention=61.7)]) == '+1.2 points'


@pytest.mark.parametrize(
    ('week', 'words'),
    [
        (0, '1,240 in the 7 days before, 1,240 more than in the 7 before those'),
        (1_252, '1,240 in the 7 days before, 12 fewer than in the 7 before those'),
        (1_240, '1,240 in the 7 days before, as many as in the 7 before those'),
    ],
)
def test_whole_weeks_are_compared_without_the_day_that_is_not_over(week: int, words: str) -> None:
    assert volume_change(days(week, *[0] * 6, *[0] * 6, 1_240, 99_999)) == words


def test_a_part_of_a_week_is_no_week() -> None:
    assert volume_change(days(*[5] * 8)) is None


def test_weeks_without_predictions_are_none_and_not_as_many_as_none() -> None:
    assert volume_change(days(*[0] * 14, 5)) == 'none in the 7 days before, nor in the 7 before those'
    assert (
        volume_change(days(*[2] * 7, *[0] * 7, 5)) == 'none in the 7 days before, 14 fewer than in the 7 before those'
    )


@pytest.mark.parametrize('change', [churn_change, high_share_change, retention_change, volume_change])
@pytest.mark.parametrize('known', [(), (4,)])
def test_nothing_is_compared_with_nothing(change: object, known: tuple[int, ...]) -> None:
    assert callable(change)
    assert change(days(*known)) is None


def test_a_week_without_predictions_is_no_zero() -> None:
    assert churn_change([*days(*[0] * 7), *days(*[3] * 7)]) is None
    assert high_share_change([*days(*[3] * 7), *days(*[0] * 7)]) is None
