"""The beat of a page: each so many seconds, counted from whatever look came last, and no longer than the looker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from nicegui.testing import User, user_simulation

from app.pages.page_beat import LATE, PageBeat

BEAT = 0.2


class Looker:
    """Notes when it looked; how long a look takes is up to the test."""

    def __init__(self) -> None:
        self.looks: list[float] = []
        self.takes = 0.0
        self.fails = False

    async def look(self) -> None:
        self.looks.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.takes)
        if self.fails:
            raise ValueError('a look failed')

    @property
    def gaps(self) -> list[float]:
        return [after - before for before, after in zip(self.looks, self.looks[1:], strict=False)]


@pytest.fixture
async def user() -> AsyncIterator[User]:
    async with user_simulation(root=lambda: None) as user:
        await user.open('/')
        yield user


@pytest.fixture
def looker() -> Looker:
    return Looker()


@pytest.fixture
async def beat(user: User, looker: Looker) -> PageBeat:
    assert user.client
    return PageBeat(user.client, looker.look, seconds=BEAT)


async def test_looks_once_a_beat(beat: PageBeat, looker: Looker) -> None:
    await asyncio.sleep(5.5 * BEAT)
    assert len(looker.looks) == 5
    assert min(looker.gaps) > 0.9 * BEAT


async def test_who_looks_for_other_reasons_each_beat_has_no_look_of_its_own(beat: PageBeat, looker: Looker) -> None:
    for _ in range(5):
        await asyncio.sleep(BEAT)
        beat.looked()
    assert len(looker.looks) <= 1, 'at the very first beat either may come first'


async def test_the_next_look_comes_a_beat_after_the_last_whatever_that_was_for(beat: PageBeat, looker: Looker) -> None:
    await asyncio.sleep(1.5 * BEAT)
    beat.looked()
    at = asyncio.get_running_loop().time()
    await asyncio.sleep(2.5 * BEAT)
    assert len(looker.looks) == 3
    assert (1 + LATE) * BEAT <= looker.looks[1] - at < 1.5 * BEAT
    assert 0.9 * BEAT < looker.looks[2] - looker.looks[1] < 1.5 * BEAT


async def test_the_next_look_waits_for_the_end_of_one(beat: PageBeat, looker: Looker) -> None:
    looker.takes = 2.2 * BEAT
    await asyncio.sleep(6.5 * BEAT)
    assert min(looker.gaps) >= looker.takes


async def test_goes_on_after_a_look_that_failed(
    beat: PageBeat, looker: Looker, caplog: pytest.LogCaptureFixture
) -> None:
    looker.fails = True
    await asyncio.sleep(3.5 * BEAT)
    assert len(looker.looks) == 3
    assert 'a look failed' in caplog.text
    caplog.clear()


async def test_ends_with_its_page(user: User, beat: PageBeat, looker: Looker) -> None:
    assert user.client
    user.client.delete()
    await asyncio.sleep(2 * BEAT)
    assert looker.looks == []


async def test_does_not_go_on_where_its_page_ended_during_a_look(user: User, beat: PageBeat, looker: Looker) -> None:
    looker.takes = BEAT
    await asyncio.sleep(1.5 * BEAT)
    assert user.client
    user.client.delete()
    await asyncio.sleep(3 * BEAT)
    assert len(looker.looks) == 1
