"""Computing each thing only once, for all who ask for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar('T')


class SingleFlightCache:
    """The latest ``size`` results by key; whoever asks for one under way waits for the same computation."""

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()

    async def get(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """The cached result, or that of ``compute``; a failure is handed to all who wait and not kept."""
        # one who gives up waiting must not end the computation for the others
        return await asyncio.shield(self.start(key, compute))

    def start(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> asyncio.Future[T]:
        """The same without waiting for it: all who ask share the future, so that nobody may cancel it."""
        entry = self._entries.get(key)
        if entry is None:
            entry = asyncio.ensure_future(compute())
            self._entries[key] = entry
            entry.add_done_callback(lambda done: self._forget_failure(key, done))
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        else:
            self._entries.move_to_end(key)
        return cast('asyncio.Future[T]', entry)

    def forget(self, key: Hashable) -> None:
        """Compute it anew when it is asked for again."""
        self._entries.pop(key, None)

    def _forget_failure(self, key: Hashable, entry: asyncio.Future[Any]) -> None:
        if (entry.cancelled() or entry.exception() is not None) and self._entries.get(key) is entry:
            del self._entries[key]
