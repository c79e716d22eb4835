from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from services.coalescing import MOST, Coalescing


class Desk:
    """Answers with ten times the key when it is let, and keeps who asked together."""

    def __init__(self, *, at_once: int = 1) -> None:
        self.calls: list[list[int]] = []
        self.gate = asyncio.Event()
        self.failure: Exception | None = None
        self.coalescing: Coalescing[int, int] = Coalescing(self._call, name='desk', at_once=at_once)

    async def _call(self, keys: list[int]) -> dict[int, int]:
        self.calls.append(keys)
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return {key: 10 * key for key in keys if key}

    def ask(self, *keys: int) -> list[asyncio.Task[int | None]]:
        return [asyncio.create_task(self.coalescing.get(key)) for key in keys]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_who_ask_at_the_same_time_share_a_call() -> None:
    desk = Desk()
    desk.gate.set()
    assert await asyncio.gather(*desk.ask(1, 2, 2, 3, 0)) == [10, 20, 20, 30, None]
    assert desk.calls == [[1, 2, 3, 0]]


async def test_who_asks_while_a_call_is_under_way_is_answered_by_the_next() -> None:
    desk = Desk()
    first = desk.ask(1)
    await settle()
    second = desk.ask(1, 2)
    await settle()
    assert desk.calls == [[1]], 'its answer could be older than their question'
    desk.gate.set()
    assert await asyncio.gather(*first, *second) == [10, 10, 20]
    assert desk.calls == [[1], [1, 2]]


async def test_a_failure_reaches_those_who_wait_for_it_and_nobody_else() -> None:
    desk = Desk()
    desk.failure = ValueError('no')
    desk.gate.set()
    assert [type(found) for found in await asyncio.gather(*desk.ask(1, 2), return_exceptions=True)] == [ValueError] * 2
    desk.failure = None
    assert await asyncio.gather(*desk.ask(1)) == [10]


async def test_one_who_gives_up_harms_nobody() -> None:
    desk = Desk()
    leaving, staying = desk.ask(1, 1)
    await settle()
    leaving.cancel()
    desk.gate.set()
    assert await staying == 10
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_calls_are_bounded_in_number_and_size() -> None:
    desk = Desk(at_once=2)
    asked = desk.ask(*range(1, 3 * MOST + 1))
    await settle()
    assert [len(call) for call in desk.calls] == [MOST, MOST]
    desk.gate.set()
    assert await asyncio.gather(*asked) == [10 * key for key in range(1, 3 * MOST + 1)]
    assert len(desk.calls) == 3


async def test_what_is_asked_while_all_calls_are_under_way_is_gathered_for_the_next_one() -> None:
    desk = Desk(at_once=2)
    asked = []
    for keys in ((1,), (2,), (3,), (4, 3), (5,)):
        asked += desk.ask(*keys)
        await settle()
    assert desk.calls == [[1], [2]]
    desk.gate.set()
    assert await asyncio.gather(*asked) == [10, 20, 30, 40, 30, 50]
    assert desk.calls == [[1], [2], [3, 4, 5]]


async def test_a_failure_of_one_call_does_not_reach_who_asked_during_it() -> None:
    desk = Desk(at_once=2)
    desk.failure = ValueError('no')
    failing = desk.ask(1)
    await settle()
    desk.gate.set()
    later = desk.ask(1)
    asyncio.get_running_loop().call_soon(lambda: setattr(desk, 'failure', None))
    assert [type(found) for found in await asyncio.gather(*failing, return_exceptions=True)] == [ValueError]
    assert await asyncio.gather(*later) == [10]


async def test_a_failure_that_nobody_waits_for_any_more_is_no_error_of_the_loop() -> None:
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: heard.append(context))
    desk = Desk()
    desk.failure = ValueError('no')
    (leaving,) = desk.ask(1)
    await settle()
    leaving.cancel()
    await settle()
    desk.gate.set()
    await settle()
    del desk, leaving
    gc.collect()
    assert heard == []


async def test_a_call_that_is_cancelled_leaves_nobody_waiting() -> None:
    """As at the end of the process."""
    desk = Desk()
    asked = desk.ask(1, 2)
    await settle()
    for task in asyncio.all_tasks():
        if task.get_name() == 'desk':
            task.cancel()
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(answer, asyncio.CancelledError)
