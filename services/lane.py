"""A lane of its own for work that takes long: whoever needs little time never waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from services.errors import Unavailable
from services.workers import Workers

T = TypeVar('T')

WANTED_SECONDS = 15.0
"""How long somebody who asked is taken to be waiting: whoever still does asks again within a few seconds."""

GIVEN_UP = 'Nobody asked about this for a while, and it was given up. Ask again.'


@dataclass(kw_only=True)
class Job:
    user_id: int
    work: Callable[[], Any]
    result: asyncio.Future[Any]
    wanted_at: float


class Lane:
    """Does one thing after another on one thread, for one user after another.

    What nobody has asked about for a while is not begun.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._workers = Workers(1, name='lane')
        self._queue: dict[Hashable, Job] = {}
        self._running: asyncio.Future[Any] | None = None
        self._last_user: int | None = None

    def ask(self, user_id: int, key: Hashable, work: Callable[[], T]) -> asyncio.Future[T]:
        """What ``work`` will return; whoever asks for the same before it has begun shares it.

        It fails with ``Unavailable`` when it was given up.
        """
        job = self._queue.get(key)
        if job is None or job.result.done():
            result = asyncio.get_running_loop().create_future()
            job = self._queue[key] = Job(user_id=user_id, work=work, result=result, wanted_at=self._clock())
        self.want(key)
        self._begin()
        return cast('asyncio.Future[T]', job.result)

    def want(self, key: Hashable) -> None:
        """Somebody still waits for it."""
        if job := self._queue.get(key):
            job.wanted_at = self._clock()

    def close(self) -> None:
        """Begin nothing more, and wait for nothing."""
        for job in self._queue.values():
            job.result.cancel()
        self._queue.clear()
        self._workers.close()
        if self._running:
            self._running.cancel()

    def _begin(self) -> None:
        if self._running:
            return
        self._give_up_unwanted()
        key = self._next()
        if key is not None:
            job = self._queue.pop(key)
            self._last_user = job.user_id
            self._running = asyncio.wrap_future(self._workers.submit(job.work))
            self._running.add_done_callback(partial(self._done, job))

    def _next(self) -> Hashable | None:
        """The one that waits longest, but not twice of one user while another waits."""
        others = (key for key, job in self._queue.items() if job.user_id != self._last_user)
        return next(others, None) or next(iter(self._queue), None)

    def _give_up_unwanted(self) -> None:
        oldest = self._clock() - WANTED_SECONDS
        for key, job in list(self._queue.items()):
            if job.wanted_at < oldest or job.result.done():
                del self._queue[key]
                if not job.result.done():
                    job.result.set_exception(Unavailable(GIVEN_UP, retry_after=1))

    def _done(self, job: Job, running: asyncio.Future[Any]) -> None:
        self._running = None
        if running.cancelled():  # the lane was closed
            job.result.cancel()
            return
        error = running.exception()
        if not job.result.done():
            if error:
                job.result.set_exception(error)
            else:
                job.result.set_result(running.result())
        self._begin()
