"""uvicorn's WebSocket with a way past its queues: what is sent to a Socket.IO client is written at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import OPEN
from websockets.streams import StreamReader

from services.direct_line import LINE, Receiver

if TYPE_CHECKING:
    from websockets.frames import Frame
    from websockets.http11 import Request
    from websockets.server import ServerProtocol

GOODBYE_SECONDS = 2.0
"""How long a client may take to answer that the connection is closed."""

PONG = b'3'
"""Engine.IO's answer to a ping. With thousands of clients these are most of what comes in, and say nothing else."""

NOBODY_WAITS = asyncio.Event()
"""In place of each connection's own, for which a sender would wait: none does that has a line."""


class _Stays:
    """In place of the timer of a close under way: where there is none, uvicorn closes when the application returns."""

    def cancel(self) -> None:
        """It is cancelled when the connection ends."""


STAYS = _Stays()

TEXT, SHORT, LONG, MASKED = 0x81, 126, 127, 0x80
"""A final text frame, the lengths that say that two or eight bytes of length follow, and what marks those of clients,
whose four bytes before the text are to be taken off it (RFC 6455, 5.2)."""

HEARD_AT_ONCE = 16 * 1024
"""Bytes of a client that are heard before others have their turn: in the 256 KiB that come at a time there may be
thousands of the smallest frames."""

FRAME_AWAITED = StreamReader.at_eof.__code__
"""Where the library waits between two frames."""


def text_frame(text: bytes) -> bytes:
    """A whole message from a server, uncompressed."""
    size = len(text)
    if size < SHORT:
        return bytes((TEXT, size)) + text
    if size < 65_536:
        return bytes((TEXT, SHORT)) + size.to_bytes(2, 'big') + text
    return bytes((TEXT, LONG)) + size.to_bytes(8, 'big') + text


def is_pong(data: bytes) -> bool:
    """Whether it looks like one whole frame of a client, with nothing but :data:`PONG` in it.

    The library's way to that takes several generators, and three times as long as all else that a pong needs.
    """
    return len(data) == 7 and data[0] == TEXT and data[1] == MASKED | 1 and data[2] ^ data[6] == PONG[0]


def between_messages(conn: ServerProtocol) -> bool:
    """Whether what comes next begins a message: in the midst of a frame the parser waits in another place."""
    frames = getattr(conn.parser, 'gi_yieldfrom', None)
    awaited = getattr(frames, 'gi_yieldfrom', None)
    return getattr(awaited, 'gi_code', None) is FRAME_AWAITED and conn.current_size is None


class DirectLine:
    """Writes to the transport of one WebSocket; see ``services.direct_line.Line``."""

    __slots__ = ('_protocol', 'receiver')

    def __init__(self, protocol: LineProtocol) -> None:
        self.receiver: Receiver | None = None
        self._protocol = protocol

    def take(self, receiver: Receiver) -> None:
        protocol, waiting = self._protocol, self._protocol.queue
        self.receiver = receiver
        protocol.queue = self  # type: ignore[assignment]
        protocol.close_timer = STAYS  # type: ignore[assignment]
        protocol.writable = NOBODY_WAITS
        protocol.forget_handshake()
        while not waiting.empty():
            self.put_nowait(waiting.get_nowait())

    def put_nowait(self, event: Mapping[str, Any]) -> None:
        """Take what uvicorn has for the application."""
        assert self.receiver
        if event['type'] == 'websocket.receive':
            self.receiver.frame(event.get('text', ''))
        elif event['type'] == 'websocket.disconnect':
            self.receiver.gone()

    def listen(self) -> None:
        protocol = self._protocol
        if protocol.read_paused and not protocol.transport.is_closing():
            protocol.read_paused = False
            protocol.transport.resume_reading()

    def write(self, text: bytes) -> None:
        protocol = self._protocol
        if protocol.close_sent or protocol.conn.state is not OPEN or protocol.transport.is_closing():
            return
        if protocol.conn.extensions:  # compressed
            protocol.conn.send_text(text)
            protocol.transport.write(b''.join(protocol.conn.data_to_send()))
        else:
            protocol.transport.write(text_frame(text))

    def waiting(self) -> int:
        return self._protocol.transport.get_write_buffer_size()

    def close(self) -> None:
        protocol = self._protocol
        if protocol.close_sent or protocol.conn.state is not OPEN or protocol.transport.is_closing():
            return
        protocol.conn.send_close(1000)
        protocol.transport.write(b''.join(protocol.conn.data_to_send()))
        protocol.close_sent = True
        protocol.transport.resume_reading()
        protocol.close_timer = protocol.loop.call_later(GOODBYE_SECONDS, protocol.transport.abort)

    def abort(self) -> None:
        self._protocol.transport.abort()


class LineProtocol(WebSocketsSansIOProtocol):
    """Offers a line to whoever serves the WebSocket."""

    line: DirectLine | None = None
    _unheard: bytearray | None = None
    """What has come and has to wait for its turn."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, 'scope'):  # it was accepted; the application has not run yet
            self.line = DirectLine(self)
            self.scope['extensions'][LINE] = self.line  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._unheard is None and len(data) <= HEARD_AT_ONCE:
            self._hear(data)
        elif self._unheard is None:
            self._unheard = bytearray(data)
            self._hear_on()
        else:
            self._unheard += data

    def _hear_on(self) -> None:
        if self._unheard is None or self.transport.is_closing():
            return
        part = bytes(self._unheard[:HEARD_AT_ONCE])
        del self._unheard[:HEARD_AT_ONCE]
        self._hear(part)
        if self._unheard:
            self.transport.pause_reading()
            self.loop.call_soon(self._hear_on)
            return
        self._unheard = None
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def _hear(self, data: bytes) -> None:
        receiver = self.line.receiver if self.line else None
        if receiver and is_pong(data) and between_messages(self.conn):
            receiver.pong()
        else:
            super().data_received(data)

    def handle_text(self, event: Frame) -> None:
        receiver = self.line.receiver if self.line else None
        if receiver and event.data == PONG and event.fin:
            receiver.pong()
        elif not (receiver and event.fin and receiver.done_at_once(bytes(event.data))):
            super().handle_text(event)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unheard = None
        if self.line and self.line.receiver:  # else they hold each other until somebody looks for garbage
            self.conn.parser.close()
            self.line.receiver = None
            self.line = None
            del self.queue

    def forget_handshake(self) -> None:
        """A connection lasts for hours: nobody asks for these any more."""
        del self.request, self.response, self.scope
