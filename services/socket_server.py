"""The Socket.IO server the public protocol runs on: python-socketio, closed where its defaults are open."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
import socketio
from socketio import packet

log = logging.getLogger(__name__)

RESERVED = frozenset({'connect', 'disconnect', 'connect_error', 'error', '*', 'message'})
MAX_FRAME = 65_536
MAX_BACKLOG = 32
"""Packets a connection may have waiting; one that stays behind is dropped."""

UNAUTHENTICATED_SECONDS = 10.0
FLUSH_SECONDS = 0.5


def _quiet(name: str) -> logging.Logger:
    """A logger that never gets to INFO, where these libraries print tokens and session ids."""
    logger = logging.getLogger(f'{__name__}.{name}')
    logger.setLevel(logging.WARNING)
    return logger


class ProtocolError(ValueError):
    """A frame that is no Socket.IO, or one that our protocol has no use for."""


class Json:
    """orjson behind the interface python-socketio expects; an own one, because its default is shared by all servers."""

    @staticmethod
    def dumps(data: Any, **_options: Any) -> str:
        try:
            return orjson.dumps(data).decode()
        except orjson.JSONEncodeError:  # a lone surrogate of the client's, named in an error
            return json.dumps(data)

    @staticmethod
    def loads(text: str) -> Any:
        """Also NaN and lone surrogates, which other encoders write: an event's own checks name their field."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return json.loads(text)


class Packet(packet.Packet):  # type: ignore[misc]
    """Clients connect, disconnect and send events; everything else, binary events among it, is refused at decode.

    Nor are our own payloads searched for bytes.
    """

    uses_binary_events = False
    json = Json

    def decode(self, encoded_packet: Any) -> int:
        if not isinstance(encoded_packet, str) or encoded_packet[:1] not in ('0', '1', '2'):
            raise ProtocolError
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, TypeError, RecursionError) as error:
            raise ProtocolError from error
        if attachments or (self.packet_type == packet.EVENT and not isinstance(self.data, list)):
            raise ProtocolError
        return 0


class SocketServer(socketio.AsyncServer):  # type: ignore[misc]
    """Reserved event names never reach a handler, a broken frame ends its connection, a silent one is reaped."""

    def __init__(self, *, allowed_origins: Sequence[str]) -> None:
        super().__init__(
            async_mode='asgi',
            async_handlers=False,  # one event of a connection at a time
            always_connect=True,  # acknowledge first, so that "connected" and "error" arrive in a live namespace
            cors_allowed_origins=list(allowed_origins) or None,
            max_http_buffer_size=MAX_FRAME,
            ping_interval=20,
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
        self._handling: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def engine_id(self, sid: str) -> str | None:
        found: str | None = self.manager.eio_sid_from_sid(sid, '/')
        return found

    def backlog(self, sid: str) -> int:
        """Packets that wait for a connection to read them."""
        socket = self.eio.sockets.get(self.engine_id(sid))
        return socket.queue.qsize() if socket else 0

    async def close_engine(self, engine_id: str) -> None:
        """Close a connection for good, without waiting for a peer that may never read again."""
        socket = self.eio.sockets.get(engine_id)
        if socket is None:
            return
        await socket.close(wait=False, abort=False)
        await socket.queue.put(None)  # ends the writer, and with it the transport

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._reap_later(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self.authenticated.discard(eio_sid)
        self._handling.pop(eio_sid, None)
        socket = self.eio.sockets.get(eio_sid)
        if socket and reason == self.reason.CLIENT_DISCONNECT:
            await socket.queue.put(None)  # answers a poll that would otherwise stay open until its time is over
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        try:
            await super()._handle_eio_message(eio_sid, data)
        except ProtocolError:
            log.info('A connection was closed: it sent a frame that is no event of ours')
            await self.close_engine(eio_sid)
        except Exception as error:
            log.error('A connection was closed: its frame failed with %s', type(error).__name__)
            await self.close_engine(eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        if self.manager.sid_from_eio_sid(eio_sid, namespace or '/') is None:  # a second one would change the identity
            await super()._handle_connect(eio_sid, namespace, data)

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: list[Any]) -> None:
        if not data or not isinstance(data[0], str) or data[0] in RESERVED:
            return
        if eio_sid in self.authenticated:
            async with self._handling[eio_sid]:  # polling clients may post side by side
                await super()._handle_event(eio_sid, namespace, id, data)

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        """A client may leave the namespace and keep the engine: then it is as one that never signed in."""
        self.authenticated.discard(eio_sid)
        self._reap_later(eio_sid)
        await super()._handle_disconnect(eio_sid, namespace, reason)

    def _reap_later(self, engine_id: str) -> None:
        if engine_id in self.eio.sockets:
            asyncio.get_running_loop().call_later(UNAUTHENTICATED_SECONDS, self._reap, engine_id)

    def _reap(self, engine_id: str) -> None:
        if engine_id in self.checking:
            self._reap_later(engine_id)
        elif engine_id not in self.authenticated and engine_id in self.eio.sockets:
            asyncio.get_running_loop().create_task(self.close_engine(engine_id), name=f'reap {engine_id[:4]}')
