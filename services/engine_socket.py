"""One connection of Engine.IO: one task each, and what is sent over a WebSocket is written at once.

python-engineio hands each packet to a queue and a second task, wraps each wait in a third, and sends each ping from a
fourth; the protocol on the wire is the same.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from engineio import async_socket, exceptions, packet

from services.direct_line import LINE, Line

MAX_WAITING = 2 * 1024 * 1024
"""Bytes a client may leave unread before its connection is given up."""

UPGRADE_SECONDS = 10.0
"""How long a client may take to go over from polling."""

SEPARATOR = '\x1e'
"""Between the packets of a poll or a POST."""

MAX_POSTED = 256
"""Packets of a POST: a client collects them while the one before is under way."""

MAX_POLLED = 16
"""Packets in the answer to a poll: the Python client takes no more."""

LAST_WORDS_SECONDS = 5.0
"""How long a closed connection is kept for the poll that has not come yet."""

BROKEN = (ValueError, TypeError, LookupError, RecursionError)
"""What the library raises over a packet that is none."""


class EngineSocket(async_socket.AsyncSocket):  # type: ignore[misc]
    """One connection, by polling or over a WebSocket."""

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self.last_ping: float | None
        self._offered: Line | None = None
        self._line: Line | None = None
        self._queued = 0
        self._ping_timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Future[None] | None = None

    def send_text(self, text: bytes) -> None:
        """Send a Socket.IO packet; nothing happens if the connection is closed."""
        if self.closed:
            return
        if self.waiting() > MAX_WAITING:
            self.abort()
        elif self._line:
            self._line.write(b'4' + text)
        else:
            self._put(packet.Packet(packet.MESSAGE, text.decode()))

    def waiting(self) -> int:
        """Bytes that wait for the client to read them."""
        return self._line.waiting() if self._line else self._queued

    def abort(self) -> None:
        """Cut the client off; all that is known of it goes when its task ends."""
        if self._line:
            self._line.abort()
        else:
            while not self.queue.empty():
                self.queue.get_nowait()
            self._queued = 0
            self._ending = asyncio.ensure_future(self.close(abort=True))

    async def send(self, pkt: Any) -> None:
        if self.closed:
            return
        if self._line:
            self._line.write(pkt.encode().encode())
        else:
            self._put(pkt)

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        try:
            for text in await self._posted(environ):
                if self.closed:  # by an earlier packet: what came with it is of no interest
                    return
                await self.receive(packet.Packet(encoded_packet=text))
        except (*BROKEN, exceptions.EngineIOError) as error:
            if self.closed:  # meanwhile, and forgotten perhaps: the library would fail over it
                return
            too_large = isinstance(error, exceptions.ContentTooLongError)
            self.server.refuse_frame('too_large_frame' if too_large else 'bad_frame')
            raise exceptions.EngineIOError from error  # answered with 400, and the connection is closed

    async def _posted(self, environ: dict[str, Any]) -> list[str]:
        most = self.server.max_http_buffer_size
        length = int(environ.get('CONTENT_LENGTH', most))  # a body that comes in chunks says none
        if length > most:
            raise exceptions.ContentTooLongError
        body: bytes = await environ['wsgi.input'].read(length)
        if 'CONTENT_LENGTH' in environ and len(body) < length:
            raise ValueError('the client went before its body was whole')
        texts = body.decode().split(SEPARATOR, MAX_POSTED)
        if len(texts) > MAX_POSTED:
            raise ValueError('too many packets')
        return texts

    async def poll(self) -> Any:
        try:
            longest = self.server.ping_interval + self.server.ping_timeout
            packets = [await asyncio.wait_for(self.queue.get(), longest)]
        except (TimeoutError, asyncio.CancelledError) as error:
            raise exceptions.QueueEmpty from error
        while packets[-1] and len(packets) < MAX_POLLED and not self.queue.empty():
            packets.append(self.queue.get_nowait())
        if packets[-1] is None:
            self.queue.put_nowait(packets.pop())  # ends other polls that are open, too
        self._queued -= sum(map(_size, packets))
        return packets

    async def close(self, wait: bool = False, abort: bool = False, reason: Any = None) -> None:  # noqa: ARG002
        if self._ping_timer:
            self._ping_timer.cancel()
        await super().close(wait=False, abort=abort, reason=reason)  # a peer that never reads would be waited for
        if self._line:
            self._line.on_pong = None
            self._line.close()
        else:
            self.queue.put_nowait(None)  # ends a poll that is open
            seconds = LAST_WORDS_SECONDS if self._queued else 0
            asyncio.get_running_loop().call_later(seconds, self.server.sockets.pop, self.sid, None)

    def schedule_ping(self) -> None:
        if self.last_ping:  # else one is under way
            self.last_ping = None
            self._ping_timer = asyncio.get_running_loop().call_later(self.server.ping_interval, self._ping)

    def _ping(self) -> None:
        if self.closing or self.closed:
            return
        self.last_ping = time.time()
        if self._line:
            self._line.write(b'2')
            later = asyncio.get_running_loop().call_later(self.server.ping_timeout, self._expect_pong)
            self._ping_timer = later
        else:
            self._put(packet.Packet(packet.PING))

    def _expect_pong(self) -> None:
        if self.last_ping and self._line:
            self._line.abort()

    def _put(self, pkt: Any) -> None:
        self._queued += _size(pkt)
        self.queue.put_nowait(pkt)

    connected: bool
    upgraded: bool
    upgrading: bool

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> Any:
        if self.upgrading or self.upgraded:  # each would be another connection that nobody counts
            return self.server._bad_request()
        self.upgrading = self.connected  # from polling: polls are answered with nothing meanwhile
        self._offered = environ['asgi.scope'].get('extensions', {}).get(LINE)
        for name in [name for name in environ if name.startswith('HTTP_')]:
            del environ[name]  # it is kept as long as the connection, and nobody asks for these any more
        try:
            return await super()._upgrade_websocket(environ)
        finally:
            self.upgrading = False

    async def _websocket_handler(self, ws: Any) -> None:
        if self._offered is None:  # another web server than ours
            await super()._websocket_handler(ws)
            return
        if self.connected and not await self._probed(ws):
            await ws.close()
            return
        self.connected = self.upgraded = True
        self._line = self._offered
        self._line.on_pong = self.schedule_ping
        while not self.queue.empty():
            waiting = self.queue.get_nowait()
            if waiting is not None:
                self._line.write(waiting.encode().encode())
        try:
            await self._receive(ws)
        finally:
            await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)

    async def _probed(self, ws: Any) -> bool:
        """The handshake of a client that goes over from polling."""
        try:
            async with asyncio.timeout(UPGRADE_SECONDS):
                if await _read(ws) != packet.Packet(packet.PING, data='probe').encode():
                    return False
                await ws.send(packet.Packet(packet.PONG, data='probe').encode())
                self._put(packet.Packet(packet.NOOP))  # ends the poll that is open
                upgraded: bool = await _read(ws) == packet.Packet(packet.UPGRADE).encode()
                return upgraded
        except TimeoutError:
            return False

    async def _receive(self, ws: Any) -> None:
        """Take frames until the client goes, or sends one that is no packet."""
        while not self.closed:
            text = await _read(ws)
            if text is None:
                return
            if len(text) > self.server.max_http_buffer_size:
                self.server.refuse_frame('too_large_frame')
                return
            try:
                received = packet.Packet(encoded_packet=text)
                await self.receive(received)
            except (*BROKEN, exceptions.EngineIOError):
                if not self.closed:
                    self.server.refuse_frame('bad_frame')
                return


def _size(pkt: Any) -> int:
    return len(pkt.data) if isinstance(pkt.data, str) else 1


async def _read(ws: Any) -> str | None:
    """The next text frame, empty for a binary one, which no packet of ours is; ``None`` when there will be none."""
    try:
        data = await ws.wait()
    except OSError:
        return None
    return data if isinstance(data, str) else ''
