from __future__ import annotations

import asyncio

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
