"""A connection of Engine.IO by polling: what is sent waits for the next poll, and what comes is posted."""

from __future__ import annotations

import asyncio
from typing import Any

from engineio import async_socket, exceptions, packet

SEPARATOR = '\x1e'
"""Between the packets of a poll or a POST."""

MAX_POSTED = 256
"""Packets of a POST: a client collects them while the one before is under way."""

MAX_POSTS = 64
"""POSTs at a time; a client should wait for the end of each (Engine.IO, HTTP long-polling)."""

MAX_POLLED = 16
"""Packets in the answer to a poll: the Python client takes no more."""

HOLDER = 256
"""Bytes that a packet takes beside its text, which may be one of very few: an answer to a bad request."""

BROKEN = (ValueError, TypeError, LookupError, RecursionError)
"""What the library raises over a packet that is none."""


class PollingSocket(async_socket.AsyncSocket):  # type: ignore[misc]
    """One connection, as long as it has no WebSocket."""

    queue: Any

    def __init__(self, server: Any, sid: str) -> None:
        super().__init__(server, sid)
        self.queued = 0
        """Bytes that wait for a poll, with what holds them."""
        self._turn: asyncio.Lock | None = None
        self._posts = 0
        """How many are under way or wait for their turn."""

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        """One after the other, each as a whole; none is read before its turn."""
        self._turn = turn = self._turn or asyncio.Lock()  # most connections never post
        self._posts += 1
        try:
            if self._posts > MAX_POSTS:
                self.server.refuse_frame('too_many_posts')
                raise exceptions.EngineIOError
            async with turn:
                if not self.closed:
                    await self._take_post(environ)
        finally:
            self._posts -= 1

    async def _take_post(self, environ: dict[str, Any]) -> None:
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
        queue = self.queue
        try:
            longest = self.server.ping_interval + self.server.ping_timeout
            packets = [await asyncio.wait_for(queue.get(), longest)]
        except (TimeoutError, asyncio.CancelledError) as error:
            raise exceptions.QueueEmpty from error
        while packets[-1] and len(packets) < MAX_POLLED and not queue.empty():
            packets.append(queue.get_nowait())
        if packets[-1] is None:
            queue.put_nowait(packets.pop())  # ends other polls that are open, too
        self.queued -= sum(map(_size, packets))
        return packets

    def put(self, pkt: Any) -> None:
        """Have a packet wait for the next poll."""
        self.queued += _size(pkt)
        self.queue.put_nowait(pkt)

    def end_polling(self) -> list[str]:
        """What waits, encoded; polls that are open end, and there will be no others."""
        waiting = []
        while not self.queue.empty():
            waiting.append(self.queue.get_nowait())
        self.queue.put_nowait(None)
        self.queue = None
        return [pkt.encode() for pkt in waiting if pkt is not None]

    def drop_waiting(self) -> None:
        """Forget what waits for a poll."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queued = 0


def _size(pkt: Any) -> int:
    return HOLDER + (len(pkt.data) if isinstance(pkt.data, str) else 0)
