"""When a page shows that its user's data changed: at once, but a stream of changes not more than once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import Client, background_tasks

CHANGE_SECONDS = 1.0


class Changes:
    """Told of each change; shows several that come within a second together.

    :param show: brings the page up to date; not called for one that is gone.
    """

    def __init__(self, client: Client, show: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._show = show
        self._due = False
        self._shown_at = float('-inf')

    async def tell(self) -> None:
        """The data changed; returns before that is shown."""
        if not self._due:
            self._due = True
            background_tasks.create(self._show_soon(), name='show change')

    async def _show_soon(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._shown_at + CHANGE_SECONDS - loop.time()))
        self._due, self._shown_at = False, loop.time()
        if not self._client.is_deleted:
            await self._show()
