from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

import pytest

from services.beat import BEHIND, Beat
from services.errors import Unavailable
from services.watchers import phase_of

PHASES = 5


class Hub:
    """Notes whose turn it was; a turn or a decision takes as long as a test wants."""

    def __init__(self, users: Collection[int], *, refresh_seconds: float = 0.01, phases: int = PHASES) -> None:
        self.refresh_seconds, self.phases = refresh_seconds, phases
        self.turns: list[list[int]] = []
        self.looked_at: list[list[int]] = []
        self.undecided: list[int] = []
        self.decided: Counter[int] = Counter()
        self.under_way, self.most_under_way = Counter[str](), Counter[str]()
        self.gates = {name: asyncio.Event() for name in ('beat', 'evaluate')}
        for gate in self.gates.values():
            gate.set()
        self.failing: set[int] = set()
        """Whose turns fail."""
        self.undecidable: set[int] = set()
        self._changed = asyncio.Condition()
        self._users = users

    def watched_at(self, phase: int) -> list[int]:
        return [user_id for user_id in self._users if phase_of(user_id, self.phases) == phase]

    async def beat(self, users: Collection[int], *, also: Collection[int] = ()) -> list[int]:
        self.turns.append(list(users))
        self.looked_at.append(list(also))
        await self._take_part('beat')
        if self.failing & set(users):
            raise Unavailable('away')
        return [user_id for user_id in users if user_id in self.undecided]

    async def evaluate(self, user_id: int) -> None:
        self.decided[user_id] += 1
        await self._take_part('evaluate')
        if user_id in self.undecidable:
            raise RuntimeError('evaluation down')

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(condition)

    async def _take_part(self, name: str) -> None:
        self.under_way[name] += 1
        self.most_under_way[name] = max(self.most_under_way[name], self.under_way[name])
        async with self._changed:
            self._changed.notify_all()
        try:
            await self.gates[name].wait()
        finally:
            self.under_way[name] -= 1


@asynccontextmanager
async def beating(hub: Hub) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(Beat(hub).run())  # type: ignore[arg-type]
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_users_turn_comes_once_a_beat_and_half_a_beat_before_it_the_user_is_looked_at() -> None:
    users = range(1, 41)
    hub = Hub(users)
    async with beating(hub):
        await hub.until(lambda: len(hub.turns) >= 3 * PHASES)
    for start in range(PHASES):  # in whichever stretch of one beat
        turns = hub.turns[start : start + PHASES]
        assert sorted(user_id for turn in turns for user_id in turn) == list(users)
        looks = hub.looked_at[start : start + PHASES]
        assert sorted(user_id for look in looks for user_id in look) == list(users)
    for number, turn in enumerate(hub.turns[: 2 * PHASES]):
        assert turn == hub.watched_at(number % PHASES)
        assert hub.looked_at[number] == hub.turns[number + PHASES // 2]


async def test_a_beat_of_one_moment_looks_at_nobody_twice() -> None:
    hub = Hub([1, 2], phases=1)
    async with beating(hub):
        await hub.until(lambda: len(hub.turns) >= 3)
    assert hub.turns[:3] == [[1, 2]] * 3
    assert hub.looked_at[:3] == [[]] * 3


async def test_a_turn_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    hub = Hub(range(1, 11))
    hub.failing = set(hub.watched_at(2))
    async with beating(hub) as task:
        await hub.until(lambda: len(hub.turns) >= 3 * PHASES)
        assert not task.done()
    assert 'could not be told: away' in caplog.text
    assert {user_id for turn in hub.turns[-PHASES:] for user_id in turn} == set(range(1, 11))


async def test_while_the_database_is_slow_the_beat_is_too_and_nothing_piles_up() -> None:
    hub = Hub(range(1, 41), refresh_seconds=0.005)
    hub.gates['beat'].clear()
    async with beating(hub):
        await hub.until(lambda: hub.under_way['beat'] == BEHIND)
        await asyncio.sleep(0.1)  # time for a hundred more turns
        assert hub.most_under_way['beat'] == BEHIND
        hub.gates['beat'].set()
        await hub.until(lambda: len(hub.turns) >= BEHIND + PHASES)
    turns = hub.turns[:PHASES]
    assert sorted(user_id for turn in turns for user_id in turn) == list(range(1, 41)), 'nobody was left out'


async def test_after_a_stand_still_there_is_one_beat_and_not_many() -> None:
    hub = Hub(range(1, 41), refresh_seconds=0.1)
    step = hub.refresh_seconds / PHASES
    async with beating(hub):
        await hub.until(lambda: len(hub.turns) >= 2)
        time.sleep(20 * step)  # the whole process stands still
        began, before = time.monotonic(), len(hub.turns)
        await hub.until(lambda: len(hub.turns) >= before + 8)
    # one turn was due before, one is due at once; a busy machine makes it longer, never shorter
    assert time.monotonic() - began >= 5.9 * step


async def test_alerts_that_take_long_hold_up_no_turn_and_nobody_is_decided_twice_at_a_time() -> None:
    hub = Hub(range(1, 41))
    hub.undecided = list(range(1, 21))
    hub.gates['evaluate'].clear()
    async with beating(hub):
        await hub.until(lambda: hub.under_way['evaluate'] == 20)
        await hub.until(lambda: len(hub.turns) >= 3 * PHASES)
        assert hub.most_under_way['evaluate'] == 20
        waiting = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith('alerts of')]
        assert len(waiting) == len(set(waiting)) == 20
        hub.undecided = []
        hub.gates['evaluate'].set()
        await hub.until(lambda: len(hub.turns) >= 5 * PHASES)
    assert hub.decided == dict.fromkeys(range(1, 21), 1)


async def test_a_decision_that_fails_is_tried_again_at_the_next_beat(caplog: pytest.LogCaptureFixture) -> None:
    hub = Hub([1, 2])
    hub.undecided, hub.undecidable = [1, 2], {1}
    async with beating(hub) as task:
        await hub.until(lambda: hub.decided[1] >= 4)
        assert not task.done()
    assert 'evaluation down' in caplog.text


async def test_what_it_has_begun_ends_with_it() -> None:
    hub = Hub(range(1, 41))
    others = asyncio.all_tasks()
    hub.undecided = list(range(1, 41))
    hub.gates['evaluate'].clear()
    async with beating(hub):
        await hub.until(lambda: hub.under_way['evaluate'] == 40)
        hub.gates['beat'].clear()
        await hub.until(lambda: hub.under_way['beat'] >= 2)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == others
    assert hub.under_way == {'beat': 0, 'evaluate': 0}


async def test_a_decision_that_ends_before_it_began_leaves_nothing_behind() -> None:
    hub = Hub([1, 2])
    hub.undecided = [1, 2]
    beat = Beat(hub)  # type: ignore[arg-type]
    await beat._serve([1, 2], [])
    deciding = list(beat._deciding.values())
    for task in deciding:
        task.cancel()
    await asyncio.gather(*deciding, return_exceptions=True)
    assert hub.decided == {}
    gc.collect()  # what was begun and never awaited is complained about
