"""One Socket.IO connection of a client, from the greeting to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import aiohttp
import socketio

from services.live_errors import Disconnected, LiveError

Hear = Callable[[str, Any], None]
"""Told each event and its data, in the order they came; must not block."""

GOODBYE_SECONDS = 1.0


class LiveChannel:
    """Opened once; after its end a new one is made."""

    def __init__(self, http: aiohttp.ClientSession, url: str, hear: Hear) -> None:
        """:param http: shared with others, and closed by its owner."""
        self.gone = asyncio.Event()
        """Set when the connection has ended, whoever ended it."""
        self.heard_at = 0.0
        """When the server last said something, in the loop's time."""
        self._url = url
        self._hear = hear
        self._greeting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._client = socketio.AsyncClient(reconnection=False, http_session=http)
        self._client.on('*', self._take)
        self._client.on('disconnect', self._end)

    async def open(self, auth: dict[str, Any], *, transports: list[str] | None, seconds: float) -> None:
        """Connect, and wait until the server has let us in.

        :raises LiveError: it does not, and says why.
        :raises Disconnected: there is no way to it.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._client.connect(self._url, auth=auth, transports=transports, wait_timeout=seconds)
                greeting = await self._greeting
        except (socketio.exceptions.SocketIOError, aiohttp.ClientError, TimeoutError, OSError) as error:
            await self.close()
            raise Disconnected('The server cannot be reached.') from error
        except BaseException:
            await self.close()
            raise
        if greeting.get('status') != 'success':
            await self.close()
            raise LiveError.of(greeting)

    async def call(self, event: str, data: Any, *, seconds: float) -> Any:
        """What the server acknowledges an event with.

        :raises Disconnected: the connection ended, or there was no answer in time.
        """
        acknowledged: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def take(*answer: Any) -> None:
            if not acknowledged.done():
                acknowledged.set_result(answer[0] if answer else None)

        ended = asyncio.ensure_future(self.gone.wait())
        try:
            await self._client.emit(event, data, callback=take)
            await asyncio.wait({acknowledged, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        except socketio.exceptions.SocketIOError as error:
            raise Disconnected from error
        finally:
            ended.cancel()
        if not acknowledged.done():
            raise Disconnected('The server did not answer in time. Whether it did what was asked is not known.')
        return acknowledged.result()

    async def close(self) -> None:
        """End the connection, if it has not ended; may be called again."""
        self._end()
        with contextlib.suppress(TimeoutError):  # a peer that is gone does not say goodbye: cancelling cuts the line
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._client.disconnect()
        await self._client.eio.disconnect(abort=True)  # also where the namespace was never reached

    def _take(self, event: str, data: Any = None, *_more: Any) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        if event == 'connected' and not self._greeting.done():
            self._greeting.set_result(data)
        elif not self.gone.is_set():
            self._hear(event, data)

    def _end(self, *_reason: Any) -> None:
        self.gone.set()
        if not self._greeting.done():
            # not cancelled: whoever waits for it would take that for the end of their own task
            self._greeting.set_exception(Disconnected('The server ended the connection without a greeting.'))
            self._greeting.exception()  # nobody may be waiting for it
