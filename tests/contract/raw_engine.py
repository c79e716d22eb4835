"""A raw Engine.IO client, by either transport: it sends what it is told, and keeps what comes."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

T = TypeVar('T')

SEPARATOR = '\x1e'
TRANSPORTS = ('websocket', 'polling')
WELCOME = '0'
NO_CERTIFICATES = False
"""For ``verify`` of ``httpx``: to read those of the system takes longer than most tests do."""


class RawEngine(ABC):
    """A connection whose greeting was read; a task of its own keeps reading, and answers pings."""

    def __init__(self, sid: str) -> None:
        self.sid = sid
        self.heard: list[str] = []
        """The packets that came, without pings."""
        self.closed = asyncio.Event()
        self.last_words = ''
        """How the connection ended, for a failure's message."""
        self._reading = asyncio.create_task(self._read())

    @abstractmethod
    async def send(self, *packets: str) -> None:
        """Send packets, by polling all in one request; a connection that is gone is no failure."""

    @abstractmethod
    async def _receive(self) -> list[str] | None:
        """The packets that came next, and ``None`` when there will be none."""

    @abstractmethod
    async def _leave(self) -> None: ...

    def events(self, name: str) -> list[Any]:
        """The payloads of the events of that name that came so far."""
        found = (json.loads(packet[2:]) for packet in self.heard if packet.startswith('42['))
        return [event[1] for event in found if event[0] == name]

    async def next(
        self, name: str, *, after: int = 0, seconds: float = 10, where: Callable[[Any], bool] = lambda _: True
    ) -> Any:
        """The first such event beyond the first ``after`` of its name."""
        return await self._first(lambda: filter(where, self.events(name)[after:]), name, seconds)

    async def packet(self, beginning: str, *, seconds: float = 10) -> str:
        """The first packet that begins so."""
        return await self._first(
            lambda: (packet for packet in self.heard if packet.startswith(beginning)), beginning, seconds
        )

    async def _first(self, found: Callable[[], Iterable[T]], name: str, seconds: float) -> T:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for one in found():
                        return one
                    await self._pause()
        except TimeoutError:
            raise AssertionError(f'no {name} within {seconds} s; heard {self.heard} {self.last_words}') from None

    async def until_closed(self, seconds: float = 3) -> None:
        """Wait until the server has closed the connection."""
        try:
            async with asyncio.timeout(seconds):
                while not self.closed.is_set():
                    await self._pause()
        except TimeoutError:
            raise AssertionError(f'not closed within {seconds} s; heard {self.heard[-3:]}') from None

    async def _pause(self) -> None:
        await asyncio.sleep(0.01)
        if self._reading.done():
            await self._reading  # with what it failed of

    async def close(self) -> None:
        await self._leave()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        while (packets := await self._receive()) is not None:
            for packet in packets:
                if packet == '2':
                    await self.send('3')
                else:
                    self.heard.append(packet)
        self.closed.set()


class _WebSocket(RawEngine):
    def __init__(self, sid: str, socket: ClientConnection) -> None:
        self._socket = socket
        super().__init__(sid)

    async def send(self, *packets: str) -> None:
        try:
            for packet in packets:
                await self._socket.send(packet)
        except ConnectionClosed:
            pass

    async def _receive(self) -> list[str] | None:
        try:
            return [str(await self._socket.recv())]
        except ConnectionClosed:
            return None

    async def _leave(self) -> None:
        await self._socket.close()


class _Polling(RawEngine):
    def __init__(self, sid: str, http: httpx.AsyncClient, path: str) -> None:
        self._http = http
        self._path = path
        super().__init__(sid)

    async def send(self, *packets: str) -> None:
        if not self.closed.is_set():
            await self._http.post(self._path, content=SEPARATOR.join(packets).encode(errors='surrogatepass'))

    async def _receive(self) -> list[str] | None:
        answer = await self._http.get(self._path)
        if answer.status_code != 200:
            self.last_words = f'{answer.status_code} {answer.text}'
            return None
        packets = answer.text.split(SEPARATOR)
        if packets[-1] == '1':  # goodbye: the session ends with this answer
            self.heard += packets[:-1]
            return None
        return packets

    async def _leave(self) -> None:
        await self.send('1')


@asynccontextmanager
async def raw_engine(url: str, transport: str, *, query: str = '') -> AsyncIterator[RawEngine]:
    """A connection that has said nothing yet.

    :param query: what else stands in the address, beginning with ``&``.
    """
    path = f'/socket.io/?EIO=4&transport={transport}{query}'
    if transport == 'websocket':
        async with connect(url.replace('http', 'ws') + path, compression=None, max_size=None) as socket:
            engine: RawEngine = _WebSocket(sid_of(str(await socket.recv())), socket)
            try:
                yield engine
            finally:
                await engine.close()
    else:
        async with httpx.AsyncClient(base_url=url, timeout=60, verify=NO_CERTIFICATES) as http:
            sid = sid_of((await http.get(path)).text)
            engine = _Polling(sid, http, f'{path}&sid={sid}')
            try:
                yield engine
            finally:
                await engine.close()


@asynccontextmanager
async def signed_in(url: str, transport: str, token: str, **auth: Any) -> AsyncIterator[RawEngine]:
    """A connection that has its board."""
    async with raw_engine(url, transport) as engine:
        await engine.send(connect_packet(token, **auth))
        await engine.next('dashboard_update')
        yield engine


def connect_packet(token: object, **auth: Any) -> str:
    return '40' + orjson.dumps({'token': token, **auth}).decode()


def event_packet(name: str, *data: Any) -> str:
    return '42' + orjson.dumps([name, *data]).decode()


def sid_of(greeting: str) -> str:
    assert greeting.startswith(WELCOME), greeting
    sid: str = orjson.loads(greeting.split(SEPARATOR, maxsplit=1)[0][1:])['sid']
    return sid
