"""What belongs together is shown together, unless one part keeps the reader waiting."""

from __future__ import annotations

import asyncio

import pytest

from app.pages.together import together

LONG = 60.0


async def test_what_comes_in_time_is_shown_with_the_rest() -> None:
    shown: list[str] = []

    async def charts() -> str:
        await asyncio.sleep(0)
        return 'charts'

    assert await together(charts(), seconds=LONG, else_first=lambda: shown.append('numbers')) == 'charts'
    assert shown == []


async def test_what_takes_longer_keeps_nothing_waiting() -> None:
    shown, numbers = list[str](), asyncio.Event()

    async def charts() -> str:
        await numbers.wait()
        return 'charts'

    def first() -> None:
        shown.append('numbers')
        numbers.set()

    assert await together(charts(), seconds=0.01, else_first=first) == 'charts'
    assert shown == ['numbers']


async def test_what_fails_takes_nothing_with_it() -> None:
    shown: list[str] = []

    async def charts() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        await together(charts(), seconds=LONG, else_first=lambda: shown.append('numbers'))
    assert shown == ['numbers']


async def test_it_ends_with_whoever_waits() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def charts() -> None:
        begun.set()
        try:
            await asyncio.sleep(LONG)
        finally:
            ended.set()

    waiting = asyncio.create_task(together(charts(), seconds=LONG, else_first=lambda: None))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(ended.wait(), LONG)
