from __future__ import annotations

import time

import pytest

from services import rate_limit
from services.rate_limit import RateLimit


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def taken(limit: RateLimit, key: str, tries: int) -> int:
    """How many of the tries are allowed."""
    return sum(limit.take(key) == 0 for _ in range(tries))


def test_a_burst_is_allowed_and_no_more(seconds: Seconds) -> None:
    limit = RateLimit(per_second=2, burst=5, monotonic=seconds)
    assert taken(limit, 'a', 20) == 5


def test_it_fills_up_again_with_time_and_not_above_the_burst(seconds: Seconds) -> None:
    limit = RateLimit(per_second=2, burst=5, monotonic=seconds)
    taken(limit, 'a', 5)
    seconds.now += 1.5
    assert taken(limit, 'a', 20) == 3
    seconds.now += 3_600
    assert taken(limit, 'a', 20) == 5


def test_in_the_long_run_no_more_than_the_rate_is_allowed_however_often_it_is_tried(seconds: Seconds) -> None:
    limit = RateLimit(per_second=2, burst=5, monotonic=seconds)
    allowed = 0
    for _ in range(800):
        allowed += taken(limit, 'a', 3)
        seconds.now += 0.125
    assert allowed == 5 + 2 * 100 - 1, 'the last ones have not filled up yet'


def test_a_refusal_says_how_long_to_wait_and_takes_nothing(seconds: Seconds) -> None:
    limit = RateLimit(per_second=0.5, burst=1, monotonic=seconds)
    assert limit.wait('a') == 0
    assert limit.take('a') == 0
    assert [limit.take('a') for _ in range(3)] == [2, 2, 2]
    seconds.now += 1
    assert (limit.wait('a'), limit.take('a')) == (1, 1)
    seconds.now += 1
    assert (limit.wait('a'), limit.wait('a')) == (0, 0), 'asking takes nothing'
    assert limit.take('a') == 0


def test_each_key_has_a_bucket_of_its_own(seconds: Seconds) -> None:
    limit = RateLimit(per_second=1, burst=2, monotonic=seconds)
    assert taken(limit, 'a', 5) == 2
    assert taken(limit, 'b', 5) == 2


def test_a_bucket_that_is_forgotten_is_full_again(seconds: Seconds) -> None:
    limit = RateLimit(per_second=1, burst=2, monotonic=seconds)
    taken(limit, 'a', 2)
    limit.forget('a')
    limit.forget('never seen')
    assert taken(limit, 'a', 5) == 2


def test_the_bucket_used_least_lately_gives_way(seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, 'REMEMBERED', 3)
    limit = RateLimit(per_second=1, burst=2, monotonic=seconds)
    for key in 'abc':
        taken(limit, key, 1)
    taken(limit, 'a', 1)
    taken(limit, 'd', 1)  # b gives way
    assert taken(limit, 'a', 2) == 0
    assert taken(limit, 'c', 2) == 1
    assert taken(limit, 'b', 2) == 2


def test_the_time_of_day_has_no_part_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = RateLimit(per_second=0.001, burst=1)
    assert limit.take('a') == 0
    monkeypatch.setattr(time, 'time', lambda: 9_999_999_999.0)
    assert limit.take('a') > 900
