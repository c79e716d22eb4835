"""Background tasks that survive their failures: owned, named, restarted with back-off, ended with their owner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Supervisor:
    """Owns the process's background tasks."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work`` until it returns; when it raises, log that and run it again after a pause."""
        self._own(asyncio.create_task(_restarting(name, work), name=name))

    def spawn(self, name: str, work: Awaitable[None]) -> None:
        """Run something once; a failure is logged."""
        self._own(asyncio.create_task(_once(name, work), name=name))

    async def stop(self) -> None:
        """Cancel all tasks and wait until they have ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _restarting(name: str, work: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE
    while True:
        began = loop.time()
        try:
            await work()
            return
        except Exception:
            log.exception('The task "%s" failed and is started again in %.1f s', name, pause)
        if loop.time() - began > LONGEST_PAUSE:
            pause = FIRST_PAUSE  # it had recovered from what came before
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _once(name: str, work: Awaitable[None]) -> None:
    try:
        await work
    except Exception:
        log.exception('The task "%s" failed', name)
