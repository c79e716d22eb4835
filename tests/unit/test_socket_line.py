"""What is written past uvicorn's queues is what any WebSocket client reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from app import socket_line
from app.socket_line import LineProtocol, text_frame
from services.direct_line import LINE, Line

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 300_000)


@pytest.mark.parametrize('size', SIZES)
def test_a_frame_is_what_the_standard_says_of_its_length(size: int) -> None:
    text = b'x' * size
    assert text_frame(text) == Frame(Opcode.TEXT, text).serialize(mask=False)


class Server:
    """An application that accepts WebSockets and leaves them to the test."""

    def __init__(self, *, compressed: bool) -> None:
        self.lines: asyncio.Queue[Line] = asyncio.Queue()
        self.received: list[dict[str, Any]] = []
        self.ended = asyncio.Event()
        self.listens = asyncio.Event()
        self.listens.set()
        self._config = uvicorn.Config(
            self._serve,
            interface='asgi3',
            ws=LineProtocol,
            lifespan='off',
            log_config=None,
            ws_ping_interval=None,
            ws_per_message_deflate=compressed,
        )
        self._config.load()
        self._state = ServerState()

    def protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self._config.http_protocol_class(  # type: ignore[operator]
            config=self._config, server_state=self._state, app_state={}
        )
        return made

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())['type'] == 'websocket.connect'
        await send({'type': 'websocket.accept'})
        self.lines.put_nowait(scope['extensions'][LINE])
        while True:
            await self.listens.wait()
            event = await receive()
            self.received.append(event)
            if event['type'] == 'websocket.disconnect':
                self.ended.set()
                return


@asynccontextmanager
async def connected(*, compressed: bool = False) -> AsyncIterator[tuple[Server, Line, ClientConnection]]:
    server = Server(compressed=compressed)
    listening = await asyncio.get_running_loop().create_server(server.protocol, '127.0.0.1', 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        async with asyncio.timeout(30), connect(f'ws://127.0.0.1:{port}/', max_size=None, close_timeout=1) as client:
            yield server, await server.lines.get(), client
    finally:
        listening.close()
        await listening.wait_closed()


@pytest.mark.parametrize('compressed', [False, True])
async def test_a_client_reads_what_was_written_in_its_order(compressed: bool) -> None:
    async with connected(compressed=compressed) as (server, line, client):
        assert bool(client.protocol.extensions) == compressed
        texts = [f'{size}:' + 'ü' * size for size in SIZES]
        for text in texts:
            line.write(text.encode())
        assert [await client.recv() for _ in texts] == texts
        await client.send('still there')
        await client.ping()
        line.write(b'after')
        assert await client.recv() == 'after'
    await server.ended.wait()
    assert server.received[0]['text'] == 'still there'


async def test_what_a_client_does_not_read_is_counted_and_gone_when_it_is_cut_off() -> None:
    async with connected() as (server, line, client):
        assert line.waiting() == 0
        stop_reading(client, line)
        line.abort()
        await server.ended.wait()
        line.write(b'too late')
        assert line.waiting() == 0
        client.transport.resume_reading()


async def test_a_closed_line_says_goodbye_and_writes_nothing_more() -> None:
    async with connected() as (server, line, client):
        line.write(b'last words')
        line.close()
        line.close()
        line.write(b'too late')
        assert await client.recv() == 'last words'
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd and closed.value.rcvd.code == 1000
        await server.ended.wait()


async def test_a_client_that_does_not_read_the_goodbye_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_line, 'GOODBYE_SECONDS', 0.05)
    async with connected() as (_server, line, client):
        stop_reading(client, line)
        line.close()
        while line.waiting():  # noqa: ASYNC110 -- nothing tells that it holds
            await asyncio.sleep(0.01)
        client.transport.resume_reading()


async def test_the_application_hears_of_the_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_line, 'GOODBYE_SECONDS', 60)
    async with connected() as (server, line, client):
        stop_reading(client, line)
        line.close()
        async with asyncio.timeout(10):
            await server.ended.wait()
        line.abort()
        client.transport.resume_reading()


async def test_the_answer_to_the_goodbye_is_read_while_the_application_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_line, 'GOODBYE_SECONDS', 60)
    async with connected() as (server, line, client):
        server.listens.clear()
        for _ in range(3):
            await client.send('more than the application takes')
        while not line._protocol.read_paused:  # type: ignore[attr-defined]  # noqa: ASYNC110 -- nothing tells it
            await asyncio.sleep(0.01)
        line.close()
        async with asyncio.timeout(5):
            await client.wait_closed()
        server.listens.set()


@pytest.mark.parametrize('compressed', [False, True])
async def test_answers_to_pings_take_a_way_of_their_own_once_somebody_wants_them(compressed: bool) -> None:
    async with connected(compressed=compressed) as (server, line, client):
        await client.send('3')
        while not server.received:  # noqa: ASYNC110 -- nothing tells that it came
            await asyncio.sleep(0.01)
        pongs: list[None] = []
        line.on_pong = lambda: pongs.append(None)
        for text in ('3', '4 something', '3', '33', ['3', '']):  # the last one in two fragments
            await client.send(text)
        await client.close()
        await server.ended.wait()
        assert len(pongs) == 2
        assert [event.get('text') for event in server.received] == ['3', '4 something', '33', '3', None]


async def test_a_compressed_line_sends_fewer_bytes() -> None:
    async with connected(compressed=True) as (_server, line, client):
        client.transport.pause_reading()
        for _ in range(50):
            line.write(b'x' * 500_000)
        assert line.waiting() < 1_000_000
        client.transport.resume_reading()


def stop_reading(client: ClientConnection, line: Line) -> None:
    """And leave a lot unread."""
    client.transport.pause_reading()
    while line.waiting() < 1_000_000:
        line.write(b'x' * 100_000)


async def test_a_line_of_one_who_has_gone_takes_what_is_written_without_a_word() -> None:
    async with connected() as (server, line, client):
        await client.close()
        await server.ended.wait()
        line.write(b'too late')
        line.close()
        line.abort()
