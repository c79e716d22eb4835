"""One connection of Engine.IO: what it takes, what it keeps, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import engineio
import pytest
from engineio import packet

from services import heartbeat
from services.connection_limits import ConnectionLimits, Limits
from services.counters import Counters
from services.direct_line import Receiver
from services.engine_polling import HOLDER, MAX_POLLED
from services.engine_socket import MAX_WAITING, EngineSocket
from services.heartbeat import Heartbeat
from services.socket_server import SocketServer


@pytest.fixture
def socket() -> EngineSocket:
    counters = Counters()
    server = SocketServer(allowed_origins=(), limits=ConnectionLimits(Limits(), counters=counters), counters=counters)
    socket = EngineSocket(server.eio, 'sid')
    server.eio.sockets['sid'] = socket
    return socket


@pytest.mark.parametrize('ours', [True, False])
async def test_one_who_leaves_more_unread_than_allowed_is_closed_and_holds_nothing(
    socket: EngineSocket, ours: bool
) -> None:
    async def send(size: int) -> None:
        if ours:
            socket.send_text(b'x' * size)
        else:  # an answer or acknowledgement of the library
            await socket.send(packet.Packet(packet.MESSAGE, 'x' * size))

    for _ in range(5):
        await send(MAX_WAITING // 4 - HOLDER)
    assert socket.waiting() > MAX_WAITING
    await send(1)
    assert socket.waiting() == 0
    async with asyncio.timeout(30):
        while socket.server.sockets:  # noqa: ASYNC110 -- a task of its own closes it
            await asyncio.sleep(0)
    assert socket.closed


async def test_many_packets_wait_no_more_than_few_large_ones(socket: EngineSocket) -> None:
    for _ in range(MAX_WAITING // HOLDER + 2):
        socket.send_text(b'')
    assert socket.waiting() == 0


async def test_a_poll_brings_what_the_python_client_takes_at_once_and_the_next_one_the_rest(
    socket: EngineSocket,
) -> None:
    for number in range(MAX_POLLED + 2):
        socket.send_text(b'%d' % number)
    first, second = await socket.poll(), await socket.poll()
    assert [len(first), len(second)] == [MAX_POLLED, 2]
    assert [int(pkt.data) for pkt in first + second] == list(range(MAX_POLLED + 2))
    assert socket.waiting() == 0


async def test_all_open_polls_end_with_the_connection(socket: EngineSocket) -> None:
    polls = [asyncio.create_task(socket.poll()) for _ in range(3)]
    await asyncio.sleep(0)
    await socket.close()
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*polls)
    assert [pkt.packet_type for answer in answers for pkt in answer] == [packet.CLOSE]


async def test_a_connection_that_is_closed_between_two_polls_is_kept_for_its_last_words(socket: EngineSocket) -> None:
    socket.send_text(b'the end')
    await socket.close()
    await asyncio.sleep(0.05)
    last = await socket.server._get_socket('sid').poll()
    assert [(pkt.packet_type, pkt.data) for pkt in last] == [(packet.MESSAGE, 'the end'), (packet.CLOSE, None)]


def posted(body: str, read: Callable[[int], Awaitable[bytes]] | None = None) -> dict[str, Any]:
    """The environment of a request with that body."""

    async def whole(_length: int) -> bytes:
        return body.encode()

    return {'CONTENT_LENGTH': str(len(body)), 'wsgi.input': SimpleNamespace(read=read or whole)}


async def test_a_packet_too_deep_for_the_decoder_is_none(socket: EngineSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet.Packet, 'json', engineio.json)  # that of NiceGUI, where it is loaded, counts levels
    socket.server.refuse_frame = (told := []).append
    with pytest.raises(engineio.exceptions.EngineIOError):
        await socket.handle_post_request(posted('4' + '[' * 30_000))
    assert told == ['bad_frame']


async def test_a_connection_that_ends_while_its_packets_arrive_is_no_failure(socket: EngineSocket) -> None:
    async def ending(_length: int) -> bytes:
        await socket.close(abort=True)
        return b'4half'

    await socket.handle_post_request(posted('4half of it', ending))
    assert socket.closed


async def test_all_open_polls_end_when_a_websocket_takes_over_and_what_waited_goes_there(socket: EngineSocket) -> None:
    polls = [asyncio.create_task(socket.poll()) for _ in range(3)]
    await asyncio.sleep(0)
    assert socket.end_polling() == []
    async with asyncio.timeout(30):
        assert await asyncio.gather(*polls) == [[], [], []]
    other = EngineSocket(socket.server, 'other')
    other.send_text(b'2["told"]')
    assert other.end_polling() == ['42["told"]']


def impatient(socket: EngineSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, 'TICK', 0.002)
    socket.server.heartbeat = Heartbeat(interval=0.02, timeout=0.5)
    socket.server.heartbeat.begin(socket)


async def test_a_polling_client_is_asked_for_a_sign_of_life_and_closed_when_it_gives_none(
    socket: EngineSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(socket, monkeypatch)
    for _ in range(2):
        assert [pkt.packet_type for pkt in await socket.poll()] == [packet.PING]
        await socket.receive(packet.Packet(packet.PONG))
    async with asyncio.timeout(30):
        while not socket.closed:  # noqa: ASYNC110 -- a task of its own closes it
            await asyncio.sleep(0.002)
    assert [pkt.packet_type for pkt in await socket.poll()] == [packet.PING, packet.CLOSE]
    assert not socket.server.heartbeat


class FakeLine:
    """A WebSocket's line that writes down what it was told."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.cut_off = asyncio.Event()
        self.listening = self.taken = 0

    def take(self, _receiver: Receiver) -> None:
        self.taken += 1

    def listen(self) -> None:
        self.listening += 1

    def write(self, text: bytes) -> None:
        self.written.append(text)

    def waiting(self) -> int:
        return 0

    def close(self) -> None:
        self.written.append(b'goodbye')

    def abort(self) -> None:
        self.cut_off.set()


async def over_websocket(socket: EngineSocket, line: FakeLine) -> None:
    socket._offered = line
    await socket._websocket_handler(None)


async def test_a_client_over_a_websocket_that_gives_no_sign_of_life_is_cut_off(
    socket: EngineSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = FakeLine()
    await over_websocket(socket, line)
    impatient(socket, monkeypatch)
    while line.written != [b'2']:  # noqa: ASYNC110 -- nothing tells
        await asyncio.sleep(0.002)
    socket.pong()
    async with asyncio.timeout(30):
        await line.cut_off.wait()
    assert line.written == [b'2', b'2']


async def test_frames_are_dealt_with_in_their_order_and_reading_goes_on_after_each_row_of_them(
    socket: EngineSocket,
) -> None:
    taken: list[str] = []
    busy = asyncio.Event()

    async def take(_event: str, _sid: str, data: str, **_options: object) -> None:
        await busy.wait()
        taken.append(data)

    socket.server._trigger_event = take
    line = FakeLine()
    await over_websocket(socket, line)
    for number in range(3):
        socket.frame(f'4{number}')
        await asyncio.sleep(0)
    assert (taken, line.listening) == ([], 0)
    busy.set()
    while not line.listening:  # noqa: ASYNC110 -- nothing tells
        await asyncio.sleep(0)
    assert taken == ['0', '1', '2']


async def test_a_client_that_goes_while_its_frame_is_dealt_with_is_forgotten_after_it(socket: EngineSocket) -> None:
    told: list[tuple[str, object]] = []
    busy = asyncio.Event()

    async def take(event: str, _sid: str, data: object, **_options: object) -> None:
        if event == 'message':
            await busy.wait()
        told.append((event, data))

    socket.server._trigger_event = take
    await over_websocket(socket, FakeLine())
    for frame in ('4first', '4second'):
        socket.frame(frame)
    await asyncio.sleep(0)
    socket.gone()
    await asyncio.sleep(0.01)
    assert told == []
    busy.set()
    while socket.server.sockets:  # noqa: ASYNC110 -- nothing tells
        await asyncio.sleep(0)
    assert told == [('message', 'first'), ('message', 'second'), ('disconnect', 'transport close')]


@pytest.mark.parametrize('text', ['', 'x', '9', '4' + 'x' * 65_536])
async def test_a_frame_that_is_no_packet_of_ours_ends_the_connection_and_what_came_behind_it_is_lost(
    socket: EngineSocket, text: str
) -> None:
    socket.server.refuse_frame = (told := []).append
    line = FakeLine()
    await over_websocket(socket, line)
    socket.frame(text)
    socket.frame('4behind')
    while socket.server.sockets:  # noqa: ASYNC110 -- nothing tells
        await asyncio.sleep(0)
    assert told == ['too_large_frame' if len(text) > 1 else 'bad_frame']
    assert (socket.closed, line.written) == (True, [b'goodbye'])


async def test_a_websocket_whose_connection_ended_while_it_was_taken_over_is_closed(socket: EngineSocket) -> None:
    class Probing:
        """A client that goes over from polling, whose connection ends before it has said so."""

        def __init__(self) -> None:
            self.sent: list[str] = []
            self.said = iter(['2probe', '5'])
            self.closed = 0

        async def wait(self) -> str:
            said = next(self.said)
            if said == '5':
                await socket.close()
            return said

        async def send(self, text: str) -> None:
            self.sent.append(text)

        async def close(self) -> None:
            self.closed += 1

    line, client = FakeLine(), Probing()
    socket.connected = True
    socket._offered = line
    await socket._websocket_handler(client)
    assert (client.sent, client.closed, line.taken) == (['3probe'], 1, 0)
