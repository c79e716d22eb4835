"""Many who ask at the same time are answered by one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar('K', bound=Hashable)
V = TypeVar('V')

MOST = 250
"""Keys of one call: what takes longer is better split, so that others get between."""


class Coalescing(Generic[K, V]):
    """Gathers what is asked while earlier calls are under way; an answer is never older than the question.

    :param call: answers some keys; one that it leaves out has the answer ``None``.
    :param at_once: calls at a time.
    """

    def __init__(self, call: Callable[[list[K]], Awaitable[Mapping[K, V]]], *, name: str, at_once: int = 2) -> None:
        self._call = call
        self._name = name
        self._at_once = at_once
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._due = False

    async def get(self, key: K) -> V | None:
        """The answer for one key; raises what the call raised."""
        future = self._waiting.get(key)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._waiting[key] = future
            self._start_soon()
        # one who gives up waiting must not end it for the others
        return await asyncio.shield(future)

    def _start_soon(self) -> None:
        """Not before all who are ready to run had their turn: they may ask, too."""
        if not self._due and self._waiting and len(self._running) < self._at_once:
            self._due = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._due = False
        batch = {key: self._waiting.pop(key) for key in list(self._waiting)[:MOST]}
        task = asyncio.get_running_loop().create_task(self._answer(batch), name=self._name)
        self._running.add(task)
        task.add_done_callback(self._done)
        self._start_soon()

    async def _answer(self, batch: dict[K, asyncio.Future[V | None]]) -> None:
        try:
            answers = await self._call(list(batch))
        except BaseException as error:
            for future in batch.values():
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
                    future.exception()  # nobody may be waiting any more
            if not isinstance(error, Exception):
                raise
        else:
            for key, future in batch.items():
                if not future.done():
                    future.set_result(answers.get(key))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start_soon()
