"""Who keeps the server waiting for a request is hung up on, and nobody else; over real sockets, by a clock of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from uvicorn.server import ServerState
from websockets.asyncio.client import connect

from app.request_timeouts import RequestLimits, RequestTimeouts, TimedProtocol
from app.server import server_config
from app.settings import Settings
from services.counters import Counters

GET = b'GET / HTTP/1.1\r\nHost: board\r\n\r\n'
HALF = b'GET / HTTP/1.1\r\nHost: bo'
POST = b'POST /%b HTTP/1.1\r\nHost: board\r\nContent-Length: %d\r\n\r\n'
CHUNKED = b'POST / HTTP/1.1\r\nHost: board\r\nTransfer-Encoding: chunked\r\n\r\n'
LIMITS = RequestLimits(silent_per_address=3)

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Server:
    """An application that says how long the body was, behind the protocol of the server."""

    now: float = 1_000.0
    counters: Counters = field(default_factory=Counters)
    bodies: list[int] = field(default_factory=list)
    left: int = 0
    """Clients that were gone before their body was complete."""
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether bodies are read."""
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    made: list[TimedProtocol] = field(default_factory=list)
    peers: list[asyncio.StreamWriter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reads.set()
        self.answers.set()
        self.timeouts = RequestTimeouts(LIMITS, counters=self.counters, monotonic=lambda: self.now)
        self._config = server_config(self, Settings(), self.timeouts)
        self._config.load()
        self._state = ServerState()

    def protocol(self) -> asyncio.Protocol:
        made = self._config.http_protocol_class(  # type: ignore[call-arg]
            config=self._config, server_state=self._state, app_state={}
        )
        assert isinstance(made, TimedProtocol)
        self.made.append(made)
        return made

    async def peer(self) -> Peer:
        reader, writer = await asyncio.open_connection('127.0.0.1', self.port)
        self.peers.append(writer)
        return reader, writer

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, with a look at all connections every second of it."""
        for _ in range(round(seconds)):
            self.now += 1
            self.timeouts.sweep()
        await asyncio.sleep(0)

    @property
    def hung_up(self) -> int:
        return self.counters.refusals('slow_request')

    async def headed(self) -> None:
        """Wait until the latest connection has brought a head."""
        await until(lambda: bool(self.made) and self.made[-1].cycle is not None)

    async def received(self, size: int) -> None:
        """Wait until the latest connection has brought so many bytes of a body."""
        await until(lambda: bool(self.made) and self.made[-1]._body_bytes >= size)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope['type'] == 'websocket':
            await receive()
            await send({'type': 'websocket.accept'})
            while (event := await receive())['type'] != 'websocket.disconnect':
                await send({'type': 'websocket.send', 'text': event['text']})
            return
        if scope['path'] == '/early':
            await answer(send, 'no')
            return
        if scope['path'] == '/begun':
            await send({'type': 'http.response.start', 'status': 200, 'headers': []})
            await send({'type': 'http.response.body', 'body': b'so far', 'more_body': True})
        size, more = 0, True
        while more:
            await self.reads.wait()
            event = await receive()
            if event['type'] == 'http.disconnect':
                self.left += 1
                if scope['path'] == '/begun':
                    await send({'type': 'http.response.body', 'body': b', and more', 'more_body': False})
                return
            size, more = size + len(event['body']), event['more_body']
        self.bodies.append(size)
        await self.answers.wait()
        await answer(send, str(size))


async def answer(send: Any, text: str) -> None:
    headers = [(b'content-length', str(len(text)).encode())]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': text.encode()})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 -- nothing tells it
            await asyncio.sleep(0.002)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b'\r\n\r\n')
    size = int(head.lower().partition(b'content-length: ')[2].partition(b'\r')[0])
    return int(head.split()[1]), await reader.readexactly(size)


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Whether the server closed the connection without another word; waits for it."""
    try:
        async with asyncio.timeout(30):
            return await reader.read() == b''
    except ConnectionError:
        return True


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.get_running_loop().create_server(server.protocol, '127.0.0.1', 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for protocol in server.made:
            protocol.transport.close()
        for writer in server.peers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        await until(lambda: not len(server.timeouts))
        assert not server.timeouts._silent, 'an address is counted for ever'


@pytest.mark.parametrize('said', [b'', b'\r\n', HALF])
async def test_a_connection_without_a_whole_head_is_closed_after_ten_seconds(server: Server, said: bytes) -> None:
    reader, writer = await server.peer()
    writer.write(said)
    await until(lambda: bool(server.made) and server.made[0]._head_bytes >= len(said))
    await server.pass_time(9)
    assert not server.hung_up
    await server.pass_time(5)
    assert await is_closed(reader)
    assert server.hung_up == 1


async def test_bytes_that_drip_in_give_a_head_no_more_time(server: Server) -> None:
    reader, writer = await server.peer()
    writer.write(HALF)
    for number in range(1, 10):
        writer.write(b'x')
        await until(lambda number=number: bool(server.made) and server.made[0]._head_bytes == len(HALF) + number)
        await server.pass_time(1)
    assert not server.hung_up
    await server.pass_time(1)
    assert await is_closed(reader)


@pytest.mark.parametrize('said', [b'\r\n', HALF])
async def test_half_a_head_after_an_answer_is_not_waited_for_either(server: Server, said: bytes) -> None:
    reader, writer = await server.peer()
    writer.write(GET)
    assert await read_answer(reader) == (200, b'0')
    writer.write(said)
    await until(lambda: server.made[0]._head_bytes == len(said))
    await server.pass_time(1 + 9)  # it is first seen by the look that comes next
    assert not server.hung_up
    await server.pass_time(1)
    assert await is_closed(reader)


async def test_each_head_of_a_connection_has_its_own_time(server: Server) -> None:
    reader, writer = await server.peer()
    for _ in range(4):
        writer.write(HALF)
        await until(lambda: bool(server.made) and server.made[0]._head_bytes == len(HALF))
        await server.pass_time(8)
        writer.write(b'ard\r\n\r\n')
        assert await read_answer(reader) == (200, b'0')
    assert not server.hung_up


async def test_a_connection_that_is_kept_alive_is_left_to_the_timer_of_its_own(server: Server) -> None:
    reader, writer = await server.peer()
    writer.write(GET)
    await read_answer(reader)
    await server.pass_time(100)
    writer.write(GET)
    assert await read_answer(reader) == (200, b'0')
    assert not server.hung_up


async def test_an_answer_may_take_long(server: Server) -> None:
    server.answers.clear()
    reader, writer = await server.peer()
    writer.write(POST % (b'', 5) + b'12345')
    await server.received(5)
    await server.pass_time(100)
    server.answers.set()
    assert await read_answer(reader) == (200, b'5')


async def test_a_body_that_dribbles_is_answered_408_and_its_reader_is_told(server: Server) -> None:
    reader, writer = await server.peer()
    writer.write(POST % (b'', 100))
    for number in range(1, 4):
        writer.write(b'x')
        await server.received(number)
        await server.pass_time(8)
    assert not server.hung_up
    await server.pass_time(3)
    status, body = await read_answer(reader)
    assert status == 408
    assert json.loads(body)['error']['code'] == 'invalid_request'
    assert await is_closed(reader)
    await until(lambda: server.left == 1)
    assert (server.hung_up, server.bodies) == (1, [])


@pytest.mark.parametrize(('bytes_each', 'seconds_each'), [(1_000, 1), (20_000, 20)])
async def test_a_long_body_over_a_slow_line_is_taken(server: Server, bytes_each: int, seconds_each: int) -> None:
    reader, writer = await server.peer()
    parts = 200 // seconds_each
    writer.write(POST % (b'', bytes_each * parts))
    await server.headed()
    for number in range(1, parts + 1):
        await server.pass_time(seconds_each)
        writer.write(b'x' * bytes_each)
        await server.received(bytes_each * number)
    assert await read_answer(reader) == (200, str(bytes_each * parts).encode())
    assert not server.hung_up


async def test_what_came_fast_buys_no_more_than_its_share_of_time(server: Server) -> None:
    reader, writer = await server.peer()
    writer.write(POST % (b'', 2_000_000))
    await server.headed()
    await server.pass_time(1)
    writer.write(b'x' * 1_000_000)
    await server.received(1_000_000)
    await server.pass_time(1 + 24)
    assert not server.hung_up
    await server.pass_time(1)
    assert (await read_answer(reader))[0] == 408


async def test_a_body_that_nobody_reads_is_not_to_blame(server: Server) -> None:
    server.reads.clear()
    reader, writer = await server.peer()
    size = 5_000_000
    writer.write(POST % (b'', size) + b'x' * size)
    await until(lambda: bool(server.made) and server.made[0].flow is not None and server.made[0].flow.read_paused)
    await server.pass_time(100)
    assert not server.hung_up
    server.reads.set()
    assert await read_answer(reader) == (200, str(size).encode())


async def test_who_waits_to_be_asked_for_the_body_is_not_to_blame(server: Server) -> None:
    server.reads.clear()
    reader, writer = await server.peer()
    writer.write((POST % (b'', 5)).replace(b'\r\n\r\n', b'\r\nExpect: 100-continue\r\n\r\n'))
    await server.headed()
    await server.pass_time(100)
    server.reads.set()
    assert await reader.readuntil(b'\r\n\r\n') == b'HTTP/1.1 100 Continue\r\n\r\n'
    writer.write(b'12345')
    assert await read_answer(reader) == (200, b'5')


async def test_the_rest_of_a_body_that_was_answered_early_has_to_keep_its_pace(server: Server) -> None:
    reader, writer = await server.peer()
    writer.write(POST % (b'early', 1_000_000))
    assert await read_answer(reader) == (200, b'no')
    writer.write(b'x' * 50_000)
    await server.received(50_000)
    await server.pass_time(1 + 24)
    assert not server.hung_up
    await server.pass_time(1)
    assert await is_closed(reader)


async def test_an_answer_that_has_begun_ends_where_it_was(server: Server) -> None:
    reader, writer = await server.peer()
    writer.write(POST % (b'begun', 100))
    assert (await reader.readuntil(b'so far\r\n')).startswith(b'HTTP/1.1 200')
    await server.pass_time(1 + 25)
    assert await is_closed(reader)
    await until(lambda: server.left == 1)


async def test_a_websocket_is_not_looked_at(server: Server) -> None:
    async with connect(f'ws://127.0.0.1:{server.port}/') as client:
        assert not len(server.timeouts)
        await server.pass_time(100)
        await client.send('still here')
        assert await client.recv() == 'still here'
    assert not server.hung_up


async def test_an_address_has_so_many_connections_that_say_nothing(server: Server) -> None:
    peers = [await server.peer() for _ in range(LIMITS.silent_per_address)]
    await until(lambda: len(server.timeouts) == LIMITS.silent_per_address)
    reader, _ = await server.peer()
    assert await is_closed(reader)
    assert server.counters.refusals('too_many_silent_of_address') == 1
    peers[0][1].write(GET)  # its silence is over,
    await read_answer(peers[0][0])
    peers[1][1].close()  # and so is that one's
    await until(lambda: len(server.timeouts) == LIMITS.silent_per_address - 1)
    for _ in range(2):
        reader, writer = await server.peer()
        writer.write(GET)
        assert await read_answer(reader) == (200, b'0')
    assert server.counters.refusals('too_many_silent_of_address') == 1


BIG = b'x' * 400_000
"""More than is read at once, and than a head may hold."""


@pytest.mark.parametrize(
    'said',
    [
        b'GET /' + BIG,
        b'GET / HTTP/1.1\r\nHost: board\r\n' + b'X-Filler: x\r\n' * 30_000,
        b'GET / HTTP/1.1\r\nHost: board\r\nX-Filler: ' + BIG,
        GET + b'\r\n' * 200_000,
        CHUNKED + b'1;' + BIG,
        CHUNKED + b'1\r\nx\r\n0\r\n' + b'X-Filler: x\r\n' * 30_000,
    ],
    ids=['path', 'headers', 'header', 'nothing', 'extension of a chunk', 'trailers'],
)
async def test_what_never_becomes_a_head_is_not_kept(server: Server, said: bytes) -> None:
    _, writer = await server.peer()
    writer.write(said)
    await until(lambda: server.counters.refusals('large_head') == 1)
    await until(lambda: not len(server.timeouts))
    assert not server.bodies or said.startswith(GET)


async def test_a_head_that_is_too_large_is_answered_431(server: Server) -> None:
    reader, writer = await server.peer()
    writer.write(b'GET /'.ljust(LIMITS.head_bytes, b'x'))
    await until(lambda: bool(server.made) and server.made[0]._head_bytes == LIMITS.head_bytes)
    writer.write(b'x')
    status, body = await read_answer(reader)
    assert status == 431
    assert json.loads(body)['error']['code'] == 'invalid_request'
    assert await is_closed(reader)


async def test_a_large_body_is_no_large_head(server: Server) -> None:
    reader, writer = await server.peer()
    chunk = b'a\r\n0123456789\r\n'
    writer.write(CHUNKED + chunk * 100_000 + b'0\r\n\r\n')
    assert await read_answer(reader) == (200, b'1000000')


async def test_requests_that_wait_for_each_other_are_few(server: Server) -> None:
    server.answers.clear()
    _, writer = await server.peer()
    writer.write(GET * 16)
    await until(lambda: bool(server.made) and len(server.made[0].pipeline) == 15)
    writer.write(GET * 5_000)
    server.answers.set()
    await until(lambda: not len(server.timeouts))
    assert server.counters.refusals('too_many_queued') == 1
    assert len(server.bodies) < 40


async def test_looks_are_taken_for_ever() -> None:
    timeouts = RequestTimeouts(RequestLimits(sweep_seconds=0.001), counters=Counters())
    looks: list[int] = []
    timeouts.sweep = lambda: looks.append(1)  # type: ignore[method-assign]
    running = asyncio.create_task(timeouts.run())
    await until(lambda: len(looks) > 2)
    running.cancel()
