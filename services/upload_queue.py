"""Files wait here for their turn: a user's one after the other, and never more than a few at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from threading import Event
from weakref import WeakValueDictionary

from services.upload_work import Counts, Order, Outcome, Progress, UploadWork
from services.workers import Workers

AT_ONCE = 2
"""Files that are taken in at a time, each of another user."""

CLOSE_SECONDS = 3.0
"""How long what has begun may take to notice that it is to stop."""


class UploadQueue:
    """Runs ``UploadWork`` on threads of its own: the database's are for short calls."""

    def __init__(self, work: UploadWork) -> None:
        self._work = work
        self._workers = Workers(AT_ONCE, name='upload')
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._stopping = Event()

    async def take(self, order: Order, *, show: Callable[[Counts], None]) -> tuple[Outcome, Counts]:
        """Wait for the turn of the order, then take it in.

        :param show: called with the counts while it goes on.
        """
        async with self._turns.setdefault(order.user_id, asyncio.Lock()):
            progress = Progress(show, stopping=self._stopping)
            future = self._workers.submit(partial(self._work.run, order, progress))
            return await asyncio.wrap_future(future), progress.counts

    def close(self) -> None:
        """Begin nothing more, and stop what has begun and is not committed; blocks until then, but not for ever."""
        self._stopping.set()
        self._workers.close()
        self._workers.join(until=time.monotonic() + CLOSE_SECONDS)
