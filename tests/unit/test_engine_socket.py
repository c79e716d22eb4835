"""One connection of Engine.IO by polling, whose client does not read."""

from __future__ import annotations

import asyncio

import pytest
from engineio import packet

from services.connection_limits import ConnectionLimits, Limits
from services.counters import Counters
from services.engine_socket import MAX_POLLED, MAX_WAITING, EngineSocket
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
