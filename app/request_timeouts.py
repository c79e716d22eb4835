"""How long a request may take to come in: who dribbles, or says nothing at all, is hung up on."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from services.counters import Counters

TOO_SLOW = 'The request came in too slowly. Send it again, over a faster line or in smaller parts.'
TOO_LARGE = 'The head of the request is too large. Send fewer or shorter headers and parameters.'


@dataclass(frozen=True, kw_only=True)
class RequestLimits:
    """What a client may make a server wait for."""

    head_seconds: float = 10.0
    """From the connection, or the first byte after an answer, to the end of a request's head."""
    body_seconds: float = 25.0
    """How far a body may fall behind its pace: so long may nothing come at all."""
    body_pace: float = 1_000.0
    """Bytes a second a body has to come at in the long run, however large it is."""
    head_bytes: int = 65_536
    queued: int = 16
    """Requests of a connection that may wait until those before them were answered."""
    silent_per_address: int = 500
    """Connections of an address that have not sent a whole head yet."""
    sweep_seconds: float = 1.0
    """Between two looks at all connections; so much later than it should be may a connection end."""


class RequestTimeouts:
    """Looks at all connections again and again; the requests themselves know of no timer."""

    def __init__(
        self, limits: RequestLimits, *, counters: Counters, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self.now = monotonic
        self._counters = counters
        self._open: set[TimedProtocol] = set()
        self._silent: Counter[str] = Counter()
        """By address."""

    def __len__(self) -> int:
        """Connections that are looked at: those that became WebSockets are not."""
        return len(self._open)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(self.limits.sweep_seconds)
            self.sweep()

    def sweep(self) -> None:
        """Hang up on those who are too slow."""
        now = self.now()
        for connection in tuple(self._open):
            if connection.is_late(now):
                self.refused('slow_request')
                connection.hang_up()

    def protocol(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> TimedProtocol:
        """What uvicorn wants for each connection."""
        return TimedProtocol(config, server_state, app_state, _loop, timeouts=self)

    def admit(self, connection: TimedProtocol, address: str) -> bool:
        """Look at a new connection from now on; not if too many of that address have said nothing yet."""
        if self._silent[address] >= self.limits.silent_per_address:
            self.refused('too_many_silent_of_address')
            return False
        self._silent[address] += 1
        self._open.add(connection)
        return True

    def spoke(self, address: str) -> None:
        """A connection that was admitted is silent no longer."""
        self._silent[address] -= 1
        if not self._silent[address]:
            del self._silent[address]

    def forget(self, connection: TimedProtocol) -> None:
        """It has ended, or is a WebSocket now."""
        self._open.discard(connection)

    def refused(self, reason: str) -> None:
        self._counters.refused(reason)


class _Awaited(Enum):
    """What a client has to send next."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class TimedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, which by itself waits for a request for ever and takes a head of any size."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        timeouts: RequestTimeouts,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._timeouts = timeouts
        self._limits = timeouts.limits
        self._address: str | None = None
        """Under which it is counted as silent, while it is."""
        self._awaited = _Awaited.HEAD
        self._latest: RequestResponseCycle | None = None
        """What was awaited at the last look, and the latest request then."""
        self._deadline = 0.0
        self._body_bytes = self._body_seen = 0
        self._head_bytes = 0
        """Received since the last head or part of a body was complete."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ''
        if not self._timeouts.admit(self, address):
            transport.close()
            return
        self._address = address
        self._deadline = self._timeouts.now() + self._limits.head_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._leave()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > self._limits.head_bytes and not self.transport.is_closing():
            self._timeouts.refused('large_head')
            self._refuse(431, 'Request Header Fields Too Large', TOO_LARGE)

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        if self._address is not None:
            self._break_silence()
        super().on_headers_complete()
        if len(self.pipeline) > self._limits.queued:
            self._timeouts.refused('too_many_queued')
            raise ValueError('too many requests before the first one was answered')  # ends the parser's work

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def is_late(self, now: float) -> bool:
        """Whether what is awaited should have come by now; has to be asked again and again."""
        awaited, latest = self._next(), self.cycle
        if awaited is not self._awaited or latest is not self._latest:
            self._awaited, self._latest = awaited, latest
            self._deadline = now + self._patience()
        elif awaited is _Awaited.BODY:
            self._move_deadline(now)
        self._body_seen = self._body_bytes
        return now >= self._deadline and not self.transport.is_closing()

    def hang_up(self) -> None:
        """With a word, where a request is known to answer to."""
        self._refuse(408, 'Request Timeout', TOO_SLOW)

    def _next(self) -> _Awaited:
        cycle = self.cycle
        if cycle is not None:
            if cycle.more_body:
                return _Awaited.BODY
            # between two requests uvicorn's own timer runs, until the first byte
            if not cycle.response_complete or self.timeout_keep_alive_task is not None:
                return _Awaited.NOTHING
        return _Awaited.HEAD

    def _patience(self) -> float:
        if self._awaited is _Awaited.NOTHING:
            return math.inf
        return self._limits.head_seconds if self._awaited is _Awaited.HEAD else self._limits.body_seconds

    def _move_deadline(self, now: float) -> None:
        latest = now + self._limits.body_seconds
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._deadline = latest  # it waits for us
        else:
            gained = (self._body_bytes - self._body_seen) / self._limits.body_pace
            self._deadline = min(self._deadline + gained, latest)

    def _refuse(self, status: int, phrase: str, message: str) -> None:
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            answers = cycle.more_body and not cycle.response_started and not self.pipeline
            cycle.disconnected = True  # whoever makes the answer learns of it, and writes nothing more
            cycle.message_event.set()
        else:
            answers = status != 408
        if answers:
            self.transport.write(_answer(status, phrase, message))
        self.transport.close()

    def _leave(self) -> None:
        self._timeouts.forget(self)
        self._break_silence()

    def _break_silence(self) -> None:
        address, self._address = self._address, None
        if address is not None:
            self._timeouts.spoke(address)


def _answer(status: int, phrase: str, message: str) -> bytes:
    body = json.dumps({'success': False, 'error': {'code': 'invalid_request', 'message': message}}).encode()
    head = (
        f'HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n'
        f'content-length: {len(body)}\r\nconnection: close\r\n\r\n'
    )
    return head.encode() + body
