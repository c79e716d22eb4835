"""The beat: each watched user's turn comes once in ``refresh_seconds``, spread over that time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection
from functools import partial

from services.hub import LiveHub
from services.listeners import tell

BEHIND = 4
"""Moments of the beat that may be under way at a time: while the database is slow, the beat is, too."""


class Beat:
    """Beats for ever. Half a beat before its turn each user is looked at, too.

    What another process committed is then known early enough to be painted within a beat.
    """

    def __init__(self, hub: LiveHub) -> None:
        self._hub = hub
        self._turns: set[asyncio.Task[None]] = set()
        self._deciding: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Never ends by itself; what it has begun ends with it."""
        loop = asyncio.get_running_loop()
        due, step = loop.time(), self._hub.refresh_seconds / self._hub.phases
        try:
            for phase in itertools.cycle(range(self._hub.phases)):
                due = max(due + step, loop.time())  # after a stand-still one beat, not many
                await asyncio.sleep(due - loop.time())
                if len(self._turns) >= BEHIND:
                    await asyncio.wait(self._turns, return_when=asyncio.FIRST_COMPLETED)
                self._turn(phase)
        finally:
            for task in [*self._turns, *self._deciding.values()]:
                task.cancel()

    def _turn(self, phase: int) -> None:
        half_way = (phase + self._hub.phases // 2) % self._hub.phases
        users = self._hub.watched_at(phase)
        also: Collection[int] = self._hub.watched_at(half_way) if half_way != phase else []
        if users or also:
            task = asyncio.create_task(self._take(users, also), name=f'beat {phase}')
            self._turns.add(task)
            task.add_done_callback(self._turns.discard)

    async def _take(self, users: Collection[int], also: Collection[int]) -> None:
        await tell(self._serve(users, also))

    async def _serve(self, users: Collection[int], also: Collection[int]) -> None:
        for user_id in await self._hub.beat(users, also=also):
            if user_id not in self._deciding:
                task = asyncio.create_task(self._decide(user_id), name=f'alerts of user {user_id}')
                self._deciding[user_id] = task
                task.add_done_callback(partial(self._decided, user_id))

    async def _decide(self, user_id: int) -> None:
        await tell(self._hub.evaluate(user_id))

    def _decided(self, user_id: int, _task: asyncio.Task[None]) -> None:
        del self._deciding[user_id]
