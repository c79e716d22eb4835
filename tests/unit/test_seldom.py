from __future__ import annotations

import asyncio

import pytest

from app.pages.seldom import Seldom


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000.0]
    monkeypatch.setattr(asyncio.get_running_loop(), 'time', lambda: now[0])
    return now


async def test_the_first_is_taken_at_once_and_the_next_after_a_while(clock: list[float]) -> None:
    seldom = Seldom(15)
    assert [seldom.take(), seldom.take()] == [True, False]
    clock[0] += 14.9
    assert not seldom.take()
    clock[0] += 0.1
    assert [seldom.take(), seldom.take()] == [True, False]


async def test_what_is_asked_anew_is_taken_at_once(clock: list[float]) -> None:
    seldom = Seldom(15)
    assert seldom.take()
    seldom.reset()
    assert seldom.take()
