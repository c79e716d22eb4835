"""The beat of one page: it looks once in so many seconds, and not again when it has just looked for another reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import Client, background_tasks

LATE = 0.05
"""Of a beat: so much later than others it comes after a look that was not its own. Who is told of a change at each beat
has then been told of the next one, and looks once for both."""


class PageBeat:
    """Begins at once, and ends with its page.

    NiceGUI's timer is an element and a task of each page, and knows nothing of what else the page does.
    """

    def __init__(self, client: Client, tick: Callable[[], Awaitable[None]], *, seconds: float) -> None:
        """:param tick: done at each beat; the next one is counted from its beginning, and never before its end."""
        self._loop = asyncio.get_running_loop()
        self._client = client
        self._tick = tick
        self._seconds = seconds
        self._from = self._loop.time()
        """What the next beat is counted from."""
        self._has_looked = False
        """Whether that was for another reason."""
        self._timer = self._loop.call_later(seconds, self._ring)
        client.on_delete(self._end)

    def looked(self) -> None:
        """The page looks now for another reason."""
        self._from, self._has_looked = self._loop.time(), True

    def _ring(self) -> None:
        now, later = self._loop.time(), self._from + (1 + LATE) * self._seconds
        if self._has_looked and later > now:
            self._has_looked = False
            self._ring_at(later)
        elif not self._client.is_deleted:
            self._from, self._has_looked = now, False
            background_tasks.create(self._beat(now), name='page beat')

    async def _beat(self, began: float) -> None:
        try:
            await self._tick()
        finally:
            if not self._client.is_deleted:
                self._ring_at(began + self._seconds)

    def _ring_at(self, time: float) -> None:
        self._timer = self._loop.call_at(time, self._ring)

    def _end(self) -> None:
        self._timer.cancel()
