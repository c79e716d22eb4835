"""What waits for a program that is slower than the server: of boards the latest alone."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import StrEnum
from typing import Any

MOST = 1_000
"""Messages that wait; beyond, the oldest is given up."""


class News(StrEnum):
    """The kinds of messages, each with a callback."""

    UPDATE = 'update'
    PREDICTION = 'prediction'
    ALERT = 'alert'
    STATUS = 'status'
    ERROR = 'error'


class LiveMailbox:
    """Filled by the connection, emptied by one reader, in order."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[News, Any]] = deque()
        self._filled = asyncio.Event()
        self._closed = False

    def put(self, news: News, about: Any) -> None:
        if news is News.UPDATE:
            self._waiting = deque(entry for entry in self._waiting if entry[0] is not News.UPDATE)
        elif len(self._waiting) >= MOST:
            self._waiting.popleft()
        self._waiting.append((news, about))
        self._filled.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._filled.set()

    async def take(self) -> tuple[News, Any] | None:
        """The next message; waits for one. ``None``: there will be no more."""
        while not self._waiting and not self._closed:
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft() if self._waiting else None
