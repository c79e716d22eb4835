"""What is written past uvicorn's queues is what any WebSocket client reads."""

from __future__ import annotations

import asyncio
import gc
import weakref
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
    """An application that accepts WebSockets, takes their lines over and returns; what comes is left to the test."""

    def __init__(self, *, compressed: bool) -> None:
        self.lines: asyncio.Queue[Line] = asyncio.Queue()
        self.received: list[str] = []
        self.pongs = self.quick = 0
        self.ended = asyncio.Event()
        self.may_take = asyncio.Event()
        self.may_take.set()
        self.listens = True
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
        self.state = ServerState()

    def protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self._config.http_protocol_class(  # type: ignore[operator]
            config=self._config, server_state=self.state, app_state={}
        )
        return made

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())['type'] == 'websocket.connect'
        await send({'type': 'websocket.accept'})
        line = scope['extensions'][LINE]
        self.lines.put_nowait(line)
        await self.may_take.wait()
        line.take(Taking(self, line))


class Taking:
    """Writes down what comes."""

    def __init__(self, server: Server, line: Line) -> None:
        self._server = server
        self._line = line

    def done_at_once(self, text: bytes) -> bool:
        done = text.startswith(b'quick')
        self._server.quick += done
        return done

    def frame(self, text: str) -> None:
        self._server.received.append(text)
        if self._server.listens:
            asyncio.get_running_loop().call_soon(self._line.listen)

    def pong(self) -> None:
        self._server.pongs += 1

    def gone(self) -> None:
        self._server.ended.set()


@asynccontextmanager
async def connected(
    *, compressed: bool = False, taken: bool = True
) -> AsyncIterator[tuple[Server, Line, ClientConnection]]:
    server = Server(compressed=compressed)
    if not taken:
        server.may_take.clear()
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
    assert server.received == ['still there']


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


async def test_the_answer_to_the_goodbye_is_read_while_the_application_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_line, 'GOODBYE_SECONDS', 60)
    async with connected() as (server, line, client):
        server.listens = False
        for _ in range(3):
            await client.send('more than the application takes')
        await until_read(line)
        line.close()
        async with asyncio.timeout(30):
            await client.wait_closed()


@pytest.mark.parametrize('compressed', [False, True])
async def test_what_is_done_at_once_is_not_told_and_holds_nothing_up(compressed: bool) -> None:
    async with connected(compressed=compressed) as (server, _line, client):
        for text in ('quick', 'first', 'quick ' + 'ü' * 70_000, ['quick ', 'in two'], 'quick', 'last'):
            await client.send(text)
    await server.ended.wait()
    assert server.received == ['first', 'quick in two', 'last'], 'one in fragments comes as any other'
    assert server.quick == 3


@pytest.mark.parametrize('compressed', [False, True])
async def test_answers_to_pings_come_apart_from_messages(compressed: bool) -> None:
    async with connected(compressed=compressed) as (server, _line, client):
        for text in ('3', '4 something', '3', '33', ['3', '']):  # the last one in two fragments
            await client.send(text)
        await client.close()
        await server.ended.wait()
        assert server.pongs == 2
        assert server.received == ['4 something', '33', '3']


ANSWER = bytes.fromhex('81 81 11 22 33 44') + bytes([ord('3') ^ 0x11])
"""What a client answers to a ping, as it is on the wire."""


async def test_an_answer_to_a_ping_that_comes_by_itself_is_heard_past_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with connected() as (server, line, _client):
        protocol = line._protocol  # type: ignore[attr-defined]
        protocol.data_received(ANSWER)
        with monkeypatch.context() as patched:
            patched.setattr(protocol.conn, 'receive_data', None)
            for _ in range(2):
                protocol.data_received(ANSWER)
        assert server.pongs == 3
        for _ in range(2):
            protocol.data_received(ANSWER * 2)
        assert server.pongs == 7


@pytest.mark.parametrize('size', range(1, len(ANSWER)))
async def test_an_answer_to_a_ping_that_comes_in_two_pieces_is_one(size: int) -> None:
    async with connected() as (server, line, client):
        for _ in range(2):
            for piece in (ANSWER[:size], ANSWER[size:], ANSWER):
                line._protocol.data_received(piece)  # type: ignore[attr-defined]
        await client.send('4 something')
        await client.close()
        await server.ended.wait()
        assert (server.pongs, server.received) == (4, ['4 something'])


async def test_the_end_of_a_message_that_looks_like_an_answer_to_a_ping_is_none() -> None:
    mask, text = bytes.fromhex('c3 a4 41 42'), 'B%ABär'
    end = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text.encode()))
    assert socket_line.is_pong(end)
    async with connected() as (server, line, _client):
        for piece in (bytes((0x81, 0x80 | len(end))), mask, end, ANSWER):
            line._protocol.data_received(piece)  # type: ignore[attr-defined]
        assert (server.pongs, server.received) == (1, [text])


async def test_an_answer_in_the_midst_of_a_message_in_fragments_breaks_the_protocol() -> None:
    async with connected() as (server, line, client):
        for piece in (bytes.fromhex('01 81 00 00 00 00 34'), ANSWER):
            line._protocol.data_received(piece)  # type: ignore[attr-defined]
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd and closed.value.rcvd.code == 1002
        assert server.pongs == 0


async def test_a_binary_message_comes_as_an_empty_one() -> None:
    async with connected() as (server, _line, client):
        await client.send(b'4')
        await client.close()
        await server.ended.wait()
        assert server.received == ['']


async def test_what_came_before_the_line_was_taken_comes_first_and_in_its_order() -> None:
    async with connected(taken=False) as (server, line, client):
        for number in range(3):
            await client.send(f'{number}')
        await until_read(line)
        assert server.received == []
        server.may_take.set()
        await client.send('3 or later')
        await client.close()
        await server.ended.wait()
        assert server.received == ['0', '1', '2', '3 or later']


async def test_who_takes_the_line_of_one_who_has_gone_hears_of_it() -> None:
    async with connected(taken=False) as (server, line, client):
        await client.send('a last word')
        await until_read(line)
        client.transport.abort()
        line.abort()
        server.may_take.set()
        async with asyncio.timeout(60):
            await server.ended.wait()
        assert server.received == ['a last word']


async def test_the_connection_stays_when_the_application_has_returned_and_ends_with_the_server() -> None:
    async with connected() as (server, line, client):
        while server.state.tasks:  # noqa: ASYNC110 -- nothing tells
            await asyncio.sleep(0.01)
        line.write(b'still here')
        assert await client.recv() == 'still here'
        for connection in list(server.state.connections):
            connection.shutdown()
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd and closed.value.rcvd.code == 1012
        await server.ended.wait()


async def until_read(line: Line) -> None:
    """Until the server has read something and waits with the rest."""
    while not line._protocol.read_paused:  # type: ignore[attr-defined]  # noqa: ASYNC110 -- nothing tells it
        await asyncio.sleep(0.01)


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


async def test_nothing_of_a_connection_that_ended_waits_for_the_collector_of_garbage() -> None:
    async with connected() as (server, line, client):
        while server.state.tasks:  # noqa: ASYNC110 -- nothing tells
            await asyncio.sleep(0.01)
        kept = [weakref.ref(connection) for connection in server.state.connections]
        gc.collect()
        gc.disable()
        try:
            await client.close()
            await server.ended.wait()
            del line
            async with asyncio.timeout(30):
                while any(each() for each in kept):  # noqa: ASYNC110 -- nothing tells
                    await asyncio.sleep(0.01)
        finally:
            gc.enable()


async def test_much_that_comes_at_once_is_heard_in_its_order_with_turns_for_others_between() -> None:
    texts = [f'{number}' for number in range(100, 20_000)]
    texts[9_000] = 'x' * 300_000
    async with connected() as (server, _line, client):
        turns: list[int] = []

        async def others() -> None:
            while len(server.received) < len(texts):
                if not turns or turns[-1] != len(server.received):
                    turns.append(len(server.received))
                await asyncio.sleep(0)

        watching = asyncio.create_task(others())
        frames = [Frame(Opcode.TEXT, text.encode()).serialize(mask=True) for text in texts]
        client.transport.write(b''.join(frames))
        await watching
        assert server.received == texts
        longest = max(later - earlier for earlier, later in zip(turns, [*turns[1:], len(texts)], strict=True))
        assert longest < 2_000
