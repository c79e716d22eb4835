"""The load of ``bench live``: many Socket.IO clients over plain WebSocket, in this process.

Pings, connecting and the end of a connection are the real protocol; of everything else only the event's name and its
length are looked at, so that the load costs little beside what is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.websocket import WebSocket
from services.errors import Unavailable

CONNECT_SECONDS = 60
AT_ONCE = 100
"""Clients that are connecting at a time."""

POSTED = 'REST-'
"""How the ids of customers begin whose predictions were posted: for these the way to the frame is timed."""


@dataclass
class Heard:
    """What clients heard since the counting began."""

    events: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    pings: int = 0
    lost: int = 0
    delays: list[float] = field(default_factory=list)
    """Milliseconds from the commit of a posted prediction to its frame."""


class Load:
    """A number of clients of one server."""

    def __init__(self, port: int) -> None:
        self.heard = Heard()
        self._port = port
        self._clients: list[_Client] = []
        self.something = asyncio.Event()
        """Set by each event."""

    async def connect(self, tokens: Sequence[str], *, updates: str = 'full') -> float:
        """Connect a client for each token; gives the seconds until all of them had their first board.

        :raises Unavailable: one was refused, or had to wait for too long.
        """
        began = time.perf_counter()
        places = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._connect(token, updates, places) for token in tokens))
        return time.perf_counter() - began

    async def _connect(self, token: str, updates: str, places: asyncio.Semaphore) -> None:
        loop = asyncio.get_running_loop()
        async with places:
            client = _Client(self, {'token': token, 'updates': updates}, loop.create_future())
            await loop.create_connection(lambda: client, '127.0.0.1', self._port)
            self._clients.append(client)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await client.board
            except TimeoutError as error:
                raise Unavailable(f'A client had no board after {CONNECT_SECONDS} s.') from error

    def count_anew(self) -> Heard:
        """Begin to count anew; gives what was heard until now."""
        heard, self.heard = self.heard, Heard()
        return heard

    async def next_event(self) -> None:
        """Wait until a client hears something."""
        self.something.clear()
        await self.something.wait()

    async def disconnect(self) -> None:
        """Leave, all at once, and wait until the server may have noticed."""
        for client in self._clients:
            client.leave()
        self._clients.clear()
        await asyncio.sleep(1)


class _Client(WebSocket):
    """One connection."""

    def __init__(self, load: Load, auth: dict[str, str], board: asyncio.Future[None]) -> None:
        super().__init__('/socket.io/?EIO=4&transport=websocket')
        self.board = board
        """Done with the first board."""
        self._load = load
        self._auth = auth

    def take(self, text: bytes) -> None:
        if text.startswith(b'42'):
            self._hear(text)
        elif text == b'2':
            self._load.heard.pings += 1
            self.send(b'3')
        elif text.startswith(b'0'):
            self.send(b'40' + json.dumps(self._auth).encode())
        elif text.startswith(b'44'):
            self.refused(text)

    def ended(self) -> None:
        self._load.heard.lost += 1
        if not self.board.done():
            self.board.set_exception(Unavailable('The server ended a connection before the first board.'))

    def refused(self, answer: bytes) -> None:
        if not self.board.done():
            self.board.set_exception(
                Unavailable(f'The server refused a client: {answer[:200].decode(errors="replace")}')
            )

    def _hear(self, payload: bytes) -> None:
        name = payload[4 : payload.index(b'"', 4)].decode()
        heard = self._load.heard
        self._load.something.set()
        heard.events[name] += 1
        heard.bytes[name] += len(payload)
        if name == 'dashboard_update' and not self.board.done():
            self.board.set_result(None)
        elif name == 'new_prediction' and POSTED.encode() in payload:
            committed = datetime.fromisoformat(json.loads(payload[2:])[1]['committed_at']).timestamp()
            heard.delays.append(1000 * (time.time() - committed))
        elif name == 'connected' and b'"error"' in payload:
            self.refused(payload)
