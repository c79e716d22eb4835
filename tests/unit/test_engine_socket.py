"""One connection of Engine.IO by polling: what it takes, what it keeps, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import engineio
import pytest
from engineio import packet

from services.connection_limits import ConnectionLimits, Limits
from services.counters import Counters
from services.engine_polling import MAX_POLLED
from services.engine_socket import MAX_WAITING, EngineSocket
from services.socket_server import SocketServer


@pytest.fixture
def socket() -> EngineSocket:
    counters = Counters()
    server = SocketServer(allowed_origins=(), limits=ConnectionLimits(Limits(), counters=counters), counters=counters)
    socket = EngineSocket(server.eio, 'sid')
    server.eio.sockets['sid'] = socket
    return socket


async def test_one_who_leaves_more_unread_than_allowed_is_closed_and_holds_nothing(socket: EngineSocket) -> None:
    part = b'x' * (MAX_WAITING // 4)
    for _ in range(5):
        socket.send_text(part)
    assert socket.waiting() > MAX_WAITING
    socket.send_text(part)
    assert socket.waiting() == 0
    async with asyncio.timeout(5):
        while socket.server.sockets:  # noqa: ASYNC110 -- a task of its own closes it
            await asyncio.sleep(0)
    assert socket.closed


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
    async with asyncio.timeout(5):
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
    async with asyncio.timeout(5):
        assert await asyncio.gather(*polls) == [[], [], []]
    other = EngineSocket(socket.server, 'other')
    other.send_text(b'2["told"]')
    assert other.end_polling() == ['42["told"]']
