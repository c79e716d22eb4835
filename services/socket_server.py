"""The Socket.IO server the public protocol runs on: python-socketio, closed where its defaults are open."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
import socketio

from services.connection_limits import ConnectionLimits
from services.counters import Counters
from services.engine import Engine
from services.engine_socket import EngineSocket
from services.errors import ChurnboardError, RateLimited
from services.rate_limit import RateLimit
from services.socket_manager import SocketManager
from services.socket_packet import Packet, ProtocolError

log = logging.getLogger(__name__)

RESERVED = frozenset({'connect', 'disconnect', 'connect_error', 'error', '*', 'message'})
MAX_FRAME = 65_536

UNAUTHENTICATED_SECONDS = 10.0
FLUSH_SECONDS = 0.5

STRIKES = 10
"""Frames out of place after which a connection is closed."""

REFUSALS = 100
"""Events in a row beyond the rate, after which a connection is closed."""


def _quiet(name: str) -> logging.Logger:
    """A logger for failures alone: below, these libraries print tokens, session ids and what clients sent."""
    logger = logging.getLogger(f'{__name__}.{name}')
    logger.setLevel(logging.ERROR)
    return logger


class SocketServer(socketio.AsyncServer):  # type: ignore[misc]
    """Reserved event names never reach a handler, a broken frame ends its connection, a silent one is reaped."""

    def __init__(
        self,
        *,
        allowed_origins: Sequence[str],
        limits: ConnectionLimits,
        counters: Counters,
        max_frame: int = MAX_FRAME,
        events_per_second: float = 10,
    ) -> None:
        self._manager = SocketManager()
        super().__init__(
            self._manager,
            async_mode='asgi',
            async_handlers=False,  # one event of a connection at a time
            always_connect=True,  # acknowledge first, so that "connected" and "error" arrive in a live namespace
            cors_allowed_origins=list(allowed_origins) or None,
            max_http_buffer_size=max_frame,
            ping_interval=25,
            ping_timeout=20,
            serializer='default',
            logger=_quiet('socketio'),
            engineio_logger=_quiet('engineio'),
        )
        self.packet_class = Packet
        self.authenticated: set[str] = set()
        """Engine ids of connections whose token was verified."""
        self.checking: set[str] = set()
        """Engine ids of connections whose token is being verified; that takes as long as the database does."""
        self.limits = limits
        self._counters = counters
        self._rate = RateLimit(per_second=events_per_second, burst=2 * events_per_second)
        self._connects = RateLimit(per_second=1, burst=5)
        self._refused: Counter[str] = Counter()
        self._strikes: Counter[str] = Counter()
        self._told = RateLimit(per_second=1, burst=5)
        self._handling: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.eio.admit = lambda environ: limits.refusal(_address(environ))
        self.eio.refuse_frame = self._refuse_frame
        self.eio.refuse_request = self._refuse_request

    @property
    def members(self) -> int:
        """Connections that the library knows, signed in or not."""
        return self._manager.members()

    def engine_id(self, sid: str) -> str | None:
        found: str | None = self.manager.eio_sid_from_sid(sid, '/')
        return found

    def socket(self, engine_id: str) -> EngineSocket | None:
        """The transport of a connection that is open."""
        found: EngineSocket | None = self.eio.sockets.get(engine_id)
        return found

    def admit(self, engine_id: str) -> None:
        """The connection's token was verified."""
        self.authenticated.add(engine_id)
        self.limits.authenticated(engine_id)

    async def close_engine(self, engine_id: str) -> None:
        """Close a connection for good, without waiting for a peer that may never read again."""
        socket = self.eio.sockets.get(engine_id)
        if socket:
            await socket.close(wait=False, abort=False)

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        address = _address(environ)
        self.limits.opened(eio_sid, address)
        # the library keeps what it is given as long as the connection lives, and all that is asked of it is who called
        await super()._handle_eio_connect(eio_sid, {'REMOTE_ADDR': address})
        self._reap_later(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self.authenticated.discard(eio_sid)
        self.limits.closed(eio_sid)
        self._handling.pop(eio_sid, None)
        self._refused.pop(eio_sid, None)
        self._strikes.pop(eio_sid, None)
        self._rate.forget(eio_sid)
        self._connects.forget(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is None or socket.closing:
            return
        async with self._handling[eio_sid]:  # polling clients may post side by side
            if socket.closing:
                return
            try:
                await super()._handle_eio_message(eio_sid, data)
            except ProtocolError:
                self._refuse_frame('bad_frame')
                await self.close_engine(eio_sid)
            except Exception as error:
                log.error('A connection was closed: its frame failed with %s', type(error).__name__)
                await self.close_engine(eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        if not _is_ours(namespace):
            await super()._handle_connect(eio_sid, namespace, data)  # says so
            await self._strike(eio_sid)
        elif self._is_connected(eio_sid) or self._connects.take(eio_sid):  # a second one would change the identity
            await self._strike(eio_sid)
        else:
            await super()._handle_connect(eio_sid, namespace, data)

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: list[Any]) -> None:
        named = bool(data) and isinstance(data[0], str) and data[0] not in RESERVED
        if not named or not _is_ours(namespace) or eio_sid not in self.authenticated:
            await self._strike(eio_sid)
            return
        wait = self._rate.take(eio_sid)
        if wait:
            await self._refuse_event(eio_sid, wait)
            return
        self._refused.pop(eio_sid, None)
        await super()._handle_event(eio_sid, namespace, id, data)

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        """A client may leave the namespace and keep the engine: then it is as one that never signed in."""
        if not _is_ours(namespace) or not self._is_connected(eio_sid):
            if self._is_open(eio_sid):
                await self._strike(eio_sid)
            return
        self.authenticated.discard(eio_sid)
        self.limits.left(eio_sid)
        self._reap_later(eio_sid)
        await super()._handle_disconnect(eio_sid, namespace, reason)

    def _is_open(self, eio_sid: str) -> bool:
        socket = self.socket(eio_sid)
        return socket is not None and not socket.closing

    def _is_connected(self, eio_sid: str) -> bool:
        """Whether it has our namespace, by a good token or not."""
        return self.manager.sid_from_eio_sid(eio_sid, '/') is not None

    async def _strike(self, eio_sid: str) -> None:
        """A frame that has no place here is left out; of many the connection is closed."""
        self._counters.dropped('event_out_of_place')
        self._strikes[eio_sid] += 1
        if self._strikes[eio_sid] >= STRIKES:
            await self.close_engine(eio_sid)

    async def _refuse_event(self, eio_sid: str, wait: float) -> None:
        """Too many events: the first of a row is answered, the rest is left out, and a long row ends the connection."""
        self._counters.refused('event_rate')
        self._refused[eio_sid] += 1
        if self._refused[eio_sid] > REFUSALS:
            await self.close_engine(eio_sid)
        elif self._refused[eio_sid] == 1:
            error = RateLimited('Too many events at once. Send fewer.', retry_after=math.ceil(10 * wait) / 10)
            socket = self.socket(eio_sid)
            if socket:
                socket.send_text(b'2["error",%b]' % orjson.dumps(error.payload()))

    def _refuse_frame(self, reason: str) -> None:
        self._counters.dropped(reason)
        if not self._told.take('frame'):
            log.info('A connection was closed: it sent a frame that is no event of ours (%s)', reason)

    def _refuse_request(self, reason: str) -> None:
        self._counters.refused(f'socket_{reason}')
        if reason == 'bad_origin' and not self._told.take(reason):
            log.info('A page of another origin was not connected: CHURNBOARD_PUBLIC_ORIGINS names who may')

    def _reap_later(self, engine_id: str) -> None:
        if engine_id in self.eio.sockets:
            asyncio.get_running_loop().call_later(UNAUTHENTICATED_SECONDS, self._reap, engine_id)

    def _reap(self, engine_id: str) -> None:
        if engine_id in self.checking:
            self._reap_later(engine_id)
        elif engine_id not in self.authenticated and self._is_open(engine_id):
            self._counters.dropped('silent_connection')
            asyncio.get_running_loop().create_task(self.close_engine(engine_id), name=f'reap {engine_id[:4]}')


def refusal_of(error: ChurnboardError) -> dict[str, object]:
    """What ``connected`` says to a client that is not let in."""
    return {'status': 'error', **error.payload()}


def _is_ours(namespace: str | None) -> bool:
    return namespace in (None, '/')


def _address(environ: dict[str, Any]) -> str:
    """Where a request came from; ``REMOTE_ADDR`` is that of the library's own making."""
    client = environ['asgi.scope'].get('client')
    return str(client[0]) if client else ''
