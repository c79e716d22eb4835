"""Many who ask at the same time are answered by one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Generic, TypeVar

K = TypeVar('K', bound=Hashable)
V = TypeVar('V')
T = TypeVar('T')

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
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        """A future for each who asks: one who gives up waiting does not end it for the others."""
        self._running: set[asyncio.Task[None]] = set()
        self._due = False

    async def get(self, key: K) -> V | None:
        """The answer for one key; raises what the call raised."""
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        self._start_soon()
        return await future

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

    async def _answer(self, batch: dict[K, list[asyncio.Future[V | None]]]) -> None:
        try:
            answers = await self._call(list(batch))
        except BaseException as error:
            for future in _unanswered(chain.from_iterable(batch.values())):
                future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
                future.exception()  # who waits may give up before it is told
            if not isinstance(error, Exception):
                raise
        else:
            for key, futures in batch.items():
                for future in _unanswered(futures):
                    future.set_result(answers.get(key))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start_soon()


def _unanswered(futures: Iterable[asyncio.Future[T]]) -> Iterator[asyncio.Future[T]]:
    """Those of whom somebody still waits."""
    return (future for future in futures if not future.done())
