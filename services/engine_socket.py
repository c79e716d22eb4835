"""One connection of Engine.IO: over a WebSocket it has no task, and what is sent is written at once.

python-engineio hands each packet to a queue and a second task, wraps each wait in a third, and sends each ping from a
fourth; the protocol on the wire is the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from engineio import exceptions, packet

from services.direct_line import LINE, Line
from services.engine_polling import BROKEN, PollingSocket

log = logging.getLogger(__name__)

MAX_WAITING = 2 * 1024 * 1024
"""Bytes a client may leave unread before its connection is given up."""

UPGRADE_SECONDS = 10.0
"""How long a client may take to go over from polling."""

LAST_WORDS_SECONDS = 5.0
"""How long a closed connection is kept for the poll that has not come yet."""


class EngineSocket(PollingSocket):
    """One connection, by polling or over a WebSocket."""

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self._offered: Line | None = None
        self._line: Line | None = None
        self._frames: list[str | None] = []
        """What came over the WebSocket and waits for its turn; at the end ``None``."""
        self._work: asyncio.Task[None] | None = None

    def send_text(self, text: bytes) -> None:
        """Send a Socket.IO packet; nothing happens if the connection is closed."""
        if self.closed:
            return
        if self.waiting() > MAX_WAITING:
            self.abort()
        elif self._line:
            self._line.write(b'4' + text)
        else:
            self.put(packet.Packet(packet.MESSAGE, text.decode()))

    def waiting(self) -> int:
        """Bytes that wait for the client to read them."""
        return self._line.waiting() if self._line else self.queued

    def abort(self) -> None:
        """Cut the client off; all that is known of it goes when its task ends."""
        if self._line:
            self._line.abort()
        else:
            self.drop_waiting()
            self._begin(self.close(abort=True))

    async def send(self, pkt: Any) -> None:
        if self.closed:
            return
        if self.waiting() > MAX_WAITING:
            self.abort()
        elif self._line:
            self._line.write(pkt.encode().encode())
        else:
            self.put(pkt)

    async def close(self, wait: bool = False, abort: bool = False, reason: Any = None) -> None:  # noqa: ARG002
        self.server.heartbeat.end(self)
        await super().close(wait=False, abort=abort, reason=reason)  # a peer that never reads would be waited for
        if self._line:
            self._line.close()
            self.server.sockets.pop(self.sid, None)
        else:
            self.queue.put_nowait(None)  # ends a poll that is open
            seconds = LAST_WORDS_SECONDS if self.queued else 0
            asyncio.get_running_loop().call_later(seconds, self.server.sockets.pop, self.sid, None)

    def schedule_ping(self) -> None:
        """The client answered a ping."""
        self.server.heartbeat.answered(self)

    pong = schedule_ping

    def ask(self) -> None:
        if self._line:
            self._line.write(b'2')
        else:
            self.put(packet.Packet(packet.PING))

    def give_up(self) -> None:
        if self._line:
            self._line.abort()
        else:
            self._begin(self.close(reason=self.server.reason.PING_TIMEOUT))

    def done_at_once(self, text: bytes) -> bool:
        return self._work is None and not self.closed and self.server.take_at_once(self.sid, text)

    def frame(self, text: str) -> None:
        self._frames.append(text)
        if self._work is None:
            self._begin(self._take_frames())

    def gone(self) -> None:
        self._frames.append(None)
        if self._work is None and not self.closed:
            self._begin(self._take_frames())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = asyncio.get_running_loop().create_task(work, name=f'connection {self.sid[:4]}')

    connected: bool
    upgraded: bool
    upgrading: bool

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> Any:
        if self.upgrading or self.upgraded:  # each would be another connection that nobody counts
            return self.server._bad_request()
        self.upgrading = self.connected  # from polling: polls are answered with nothing meanwhile
        self._offered = environ['asgi.scope'].get('extensions', {}).get(LINE)
        try:
            return await super()._upgrade_websocket(environ)
        finally:
            self.upgrading = False

    async def _websocket_handler(self, ws: Any) -> None:
        if self._offered is None:  # another web server than ours
            await super()._websocket_handler(ws)
            return
        may_take = not self.connected or await self._probed(ws)
        if not may_take or self.closed:  # meanwhile: nobody would close it any more
            await ws.close()
            return
        self.connected = self.upgraded = True
        self._line = self._offered
        for text in self.end_polling():
            self._line.write(text.encode())
        self._line.take(self)

    async def _probed(self, ws: Any) -> bool:
        """The handshake of a client that goes over from polling."""
        try:
            async with asyncio.timeout(UPGRADE_SECONDS):
                if await _read(ws) != packet.Packet(packet.PING, data='probe').encode():
                    return False
                await ws.send(packet.Packet(packet.PONG, data='probe').encode())
                self.put(packet.Packet(packet.NOOP))  # ends the poll that is open
                upgraded: bool = await _read(ws) == packet.Packet(packet.UPGRADE).encode()
                return upgraded
        except TimeoutError:
            return False

    async def _take_frames(self) -> None:
        """Deal with one after the other, until none is left, or the client goes or sends one that is no packet."""
        try:
            while self._frames and not self.closed:
                frames, self._frames = self._frames, []
                for text in frames:
                    if text is None or self.closed or not await self._take(text):
                        await self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
                        return
        finally:
            self._work = None
            if self._line:
                self._line.listen()

    async def _take(self, text: str) -> bool:
        """Whether the connection may go on."""
        if len(text) > self.server.max_http_buffer_size:
            self.server.refuse_frame('too_large_frame')
            return False
        try:
            await self.receive(packet.Packet(encoded_packet=text))
        except (*BROKEN, exceptions.EngineIOError):
            if not self.closed:
                self.server.refuse_frame('bad_frame')
            return False
        except Exception as error:
            log.error('A connection was closed: a packet of it failed with %s', type(error).__name__)
            return False
        return True


async def _read(ws: Any) -> str | None:
    """The next text frame, empty for a binary one, which no packet of ours is; ``None`` when there will be none."""
    try:
        data = await ws.wait()
    except OSError:
        return None
    return data if isinstance(data, str) else ''
