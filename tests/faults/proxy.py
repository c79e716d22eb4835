"""A TCP proxy between clients and a server, whose network can be made bad."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from types import TracebackType
from typing import Self


class Network(Enum):
    FINE = auto()
    CUT = auto()
    """Connections are reset, and new ones refused."""
    SILENT = auto()
    """Nothing arrives any more, and nobody is told: a cable that was pulled."""


class Proxy:
    """Forwards to a port of this machine."""

    def __init__(self, target: int, *, delay: float = 0.0) -> None:
        """:param delay: seconds by which everything is late, in either direction."""
        self.target = target
        self.delay = delay
        self.network = Network.FINE
        self.port = 0
        self.accepted = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._healed = asyncio.Event()
        self._healed.set()

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.port}'

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        await self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cut(self) -> None:
        """Reset all connections, and refuse new ones."""
        self.network = Network.CUT
        if self._server:
            self._server.close()
            self._server = None
        self.reset()
        self._healed.set()
        for task in self._tasks:
            task.cancel()

    def reset(self) -> None:
        """Reset all connections there are; new ones are welcome."""
        for writer in self._writers:
            connection = writer.get_extra_info('socket')
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            writer.transport.abort()

    def silence(self) -> None:
        """Forward nothing, and close nothing."""
        self.network = Network.SILENT
        self._healed.clear()

    async def heal(self) -> None:
        """As if nothing had been; connections that went silent go on."""
        self.network = Network.FINE
        self._healed.set()
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, '127.0.0.1', self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.CancelledError):
            await self._healed.wait()
            async with self._forwarding(writer) as (their_reader, their_writer):
                await asyncio.gather(self._pump(reader, their_writer), self._pump(their_reader, writer))

    @asynccontextmanager
    async def _forwarding(
        self, writer: asyncio.StreamWriter
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        self._writers.add(writer)
        try:
            their_reader, their_writer = await asyncio.open_connection('127.0.0.1', self.target)
            self._writers.add(their_writer)
            try:
                yield their_reader, their_writer
            finally:
                self._writers.discard(their_writer)
                their_writer.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.delay:
                await asyncio.sleep(self.delay)
            await self._healed.wait()
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
