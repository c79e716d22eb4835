"""A Socket.IO client that keeps what it was told, for the tests to look at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import socketio

Heard = list[tuple[str, Any]]


class Listener:
    """Everything the server said, in order."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.heard: Heard = []
        self.disconnected = asyncio.Event()
        client.on('*', self._hear)
        client.on('disconnect', self._leave)

    async def _hear(self, event: str, *data: Any) -> None:
        self.heard.append((event, data[0] if data else None))

    async def _leave(self, *_: Any) -> None:
        self.disconnected.set()

    def of(self, event: str) -> list[Any]:
        return [data for name, data in self.heard if name == event]

    async def next(
        self, event: str, *, after: int = 0, seconds: float = 30, where: Callable[[Any], bool] = bool
    ) -> Any:
        """The first such event beyond the first ``after`` heard ones."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name, data in self.heard[after:]:
                if name == event and where(data):
                    return data
            await asyncio.sleep(0.02)
        raise AssertionError(f'no {event} within {seconds} s; heard {[name for name, _ in self.heard]}')

    async def act(self, action: str, data: Any = None) -> Any:
        """The acknowledgement of an action."""
        return await self.client.call('user_action', {'action': action, 'data': data}, timeout=30)


@asynccontextmanager
async def listening(url: str, token: Any, *, transport: str = 'websocket', **auth: Any) -> AsyncIterator[Listener]:
    async with aiohttp.ClientSession() as http:  # of its own the client opens another one as it ends, and leaves it
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        listener = Listener(client)
        await client.connect(url, auth={'token': token, **auth}, transports=[transport], wait_timeout=30)
        try:
            yield listener
        finally:
            await client.disconnect()
            await client.eio.disconnect()
