"""The event loop's lag, as it is measured from inside."""

from __future__ import annotations

import asyncio
import time

import pytest

from services.loop_lag import INTERVAL, LoopLag
from tests.unit.live_setting import until


def test_there_is_nothing_to_tell_before_the_first_look() -> None:
    assert LoopLag().quantiles() == {}


def test_the_quantiles_are_those_of_the_waits() -> None:
    lag = LoopLag(interval=1, window=100)
    for number in range(100):
        lag.note(number / 1000)
    assert lag.quantiles() == {0.5: 0.050, 0.99: 0.098, 1.0: 0.099}


def test_waking_early_is_no_wait() -> None:
    lag = LoopLag()
    lag.note(-0.001)
    assert lag.quantiles()[1.0] == 0


def test_a_stand_still_counts_by_its_length() -> None:
    """Of three seconds one was stood still: a third of all that was due met it."""
    lag = LoopLag(interval=0.01)
    for _ in range(200):
        lag.note(0)
    lag.note(1)
    assert lag.quantiles()[0.5] == 0
    assert lag.quantiles()[0.99] == pytest.approx(0.97)
    assert lag.quantiles()[1.0] == 1


def test_what_is_long_ago_is_forgotten() -> None:
    lag = LoopLag(interval=0.01, window=0.1)
    lag.note(5)
    for _ in range(10):
        lag.note(0.001)
    assert lag.quantiles()[1.0] == 0.001


def test_the_same_stand_stills_make_the_same_figures_however_often_one_looks() -> None:
    """In half a minute three of 0.4 s: 4 % of all that was due met one."""
    for interval in (0.01, INTERVAL):
        lag = LoopLag(interval=interval)
        for _ in range(3):
            for _ in range(round(9.6 / interval)):
                lag.note(0)
            lag.note(0.4)
        assert lag.quantiles()[0.5] == 0
        assert lag.quantiles()[0.99] == pytest.approx(0.3, abs=0.06)
        assert lag.quantiles()[1.0] == 0.4


@pytest.mark.parametrize(
    ('lag', 'worked', 'held'),
    [
        (0.0, 0.001, 0.001),
        (0.4, 0.45, 0.45),  # it had begun right after the look before
        (0.4, 0.8, 0.45),  # two threads worked
        (0.4, 0.1, 0.1),  # another process had the processor
        (-0.01, 0.3, 0.04),
        (0.4, -0.1, 0.0),
    ],
)
def test_held_is_what_was_late_and_work_of_ours(lag: float, worked: float, held: float) -> None:
    assert LoopLag(interval=0.05).held(lag, worked) == pytest.approx(held)


async def test_work_that_holds_the_loop_is_told_and_a_wait_for_another_process_is_not() -> None:
    told: list[float] = []
    task = asyncio.create_task(LoopLag(on_held=told.append).run())
    await until(lambda: told)
    waited = len(told)
    time.sleep(0.5)
    await until(lambda: len(told) > waited)
    assert told[waited] < 0.25
    worked = len(told)
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    await until(lambda: len(told) > worked)
    task.cancel()
    assert max(told[worked:]) >= 0.5


async def test_a_blocked_loop_is_noticed() -> None:
    lag = LoopLag()
    task = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    time.sleep(INTERVAL + 0.2)
    await until(lag.quantiles)
    task.cancel()
    assert lag.quantiles()[1.0] >= 0.2
