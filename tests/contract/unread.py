"""Clients that read nothing once they have their board, and say now and then that they are there."""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.uri import parse_uri

from tests.board import Board
from tests.contract.raw_engine import NO_CERTIFICATES, SEPARATOR, connect_packet, sid_of

RECEIVES = 4_096
"""Bytes that the system keeps for a client; the server's system keeps more before anything waits in the server."""


class UnreadingClient(ABC):
    """Sends what it is told; the server never gets rid of its answers."""

    gone = False
    """Whether the server has cut it off."""

    @abstractmethod
    async def open(self, connect: str) -> None:
        """Send the packet that signs in, and read until the first board."""

    @abstractmethod
    async def send(self, *packets: str) -> None: ...


class _WebSocket(UnreadingClient):
    """One that takes as little as TCP lets it: an ordinary client's library reads ahead."""

    def __init__(self, line: socket.socket, url: str) -> None:
        self._line = line
        self._protocol = ClientProtocol(parse_uri(url))

    async def open(self, connect: str) -> None:
        self._protocol.send_request(self._protocol.connect())
        await self._flush()
        await self._read_until(lambda event: isinstance(event, Response))
        await self.send(connect)
        await self._read_until(lambda event: b'dashboard_update' in getattr(event, 'data', b''))

    async def send(self, *packets: str) -> None:
        for packet in packets:
            self._protocol.send_text(packet.encode())
        await self._flush()

    async def _flush(self) -> None:
        try:
            for data in self._protocol.data_to_send():
                await asyncio.get_running_loop().sock_sendall(self._line, data)
        except OSError:
            self.gone = True

    async def _read_until(self, wanted: Callable[[object], bool]) -> None:
        while True:
            data = await asyncio.get_running_loop().sock_recv(self._line, RECEIVES)
            assert data, 'the server has closed the connection'
            self._protocol.receive_data(data)
            if any(wanted(event) for event in self._protocol.events_received()):
                return


class _Polling(UnreadingClient):
    """One that polls no more."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._path = '/socket.io/?EIO=4&transport=polling'

    async def open(self, connect: str) -> None:
        self._path += f'&sid={sid_of((await self._http.get(self._path)).text)}'
        await self.send(connect)
        while 'dashboard_update' not in (await self._http.get(self._path)).text:
            pass

    async def send(self, *packets: str) -> None:
        answer = await self._http.post(self._path, content=SEPARATOR.join(packets).encode())
        self.gone = answer.status_code != 200


@asynccontextmanager
async def unreading(board: Board, token: str, transport: str, **auth: str) -> AsyncIterator[UnreadingClient]:
    if transport == 'polling':
        async with httpx.AsyncClient(base_url=board.url, verify=NO_CERTIFICATES, timeout=30) as http:
            polling = _Polling(http)
            await polling.open(connect_packet(token, **auth))
            yield polling
        return
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVES)
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, ('127.0.0.1', board.port))
        client = _WebSocket(line, board.url.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket')
        await client.open(connect_packet(token, **auth))
        yield client
