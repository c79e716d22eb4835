from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.session_life import SessionLife

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOURS = timedelta(hours=1)
LIFE = SessionLife(length=12 * HOURS, limit=168 * HOURS)


def prolonged(life: SessionLife, *, ends: timedelta, at: timedelta) -> timedelta:
    """When a session ends that is prolonged at some time; all counted from the sign-in."""
    return life.prolonged(START + ends, signed_in_at=START, now=START + at) - START


def test_a_session_is_prolonged_by_its_length_from_then_on() -> None:
    assert prolonged(LIFE, ends=12 * HOURS, at=11 * HOURS) == 23 * HOURS


def test_it_can_be_prolonged_more_than_ten_times_and_not_beyond_its_limit() -> None:
    ends, times = 12 * HOURS, 0
    while LIFE.end(START + ends, signed_in_at=START, now=START).prolongable:
        ends, times = prolonged(LIFE, ends=ends, at=ends - timedelta(minutes=5)), times + 1
    assert ends == 168 * HOURS
    assert times >= 10, 'WCAG 2.2.1'


@pytest.mark.parametrize('limit', [timedelta(0), 12 * HOURS, 12 * HOURS + timedelta(seconds=59)])
def test_where_next_to_nothing_is_to_be_gained_nothing_is_offered(limit: timedelta) -> None:
    life = SessionLife(length=12 * HOURS, limit=limit)
    assert not life.end(START + 12 * HOURS, signed_in_at=START, now=START).prolongable


def test_prolonging_never_shortens_a_session_that_began_under_other_settings() -> None:
    assert prolonged(SessionLife(length=HOURS, limit=2 * HOURS), ends=12 * HOURS, at=HOURS) == 12 * HOURS


@pytest.mark.parametrize(('hours', 'minutes'), [(0.1, 2), (0.25, 5), (0.5, 10), (12, 10), (720, 10)])
def test_the_warning_comes_ten_minutes_before_the_end_or_a_third_of_a_short_session(hours: float, minutes: int) -> None:
    assert SessionLife(length=hours * HOURS, limit=HOURS).warning == timedelta(minutes=minutes)


def test_the_time_that_is_left_is_never_below_zero() -> None:
    end = LIFE.end(START + HOURS, signed_in_at=START, now=START + timedelta(minutes=50, milliseconds=1))
    assert (end.seconds_left, end.warning_seconds) == (599, 600)
    assert LIFE.end(START, signed_in_at=START, now=START + HOURS).seconds_left == 0
