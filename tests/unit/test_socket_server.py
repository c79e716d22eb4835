"""Our Socket.IO server, without any transport."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from services.connection_limits import ConnectionLimits, Limits
from services.counters import Counters
from services.engine_socket import EngineSocket
from services.socket_server import SocketServer


def socket_server() -> SocketServer:
    counters = Counters()
    return SocketServer(allowed_origins=(), limits=ConnectionLimits(Limits(), counters=counters), counters=counters)


async def connect(server: SocketServer, *engines: str) -> None:
    async def let_in(_sid: str, _environ: object, _auth: object) -> None:
        for engine in engines:
            server.admit(engine)

    server.on('connect', let_in)
    for engine in engines:
        server.eio.sockets[engine] = EngineSocket(server.eio, engine)
        await server._handle_eio_connect(engine, {'asgi.scope': {'client': ('127.0.0.1', 1)}})
        await server._handle_eio_message(engine, '0')


async def test_one_event_of_a_connection_is_handled_at_a_time_in_the_order_of_arrival() -> None:
    server = socket_server()
    done: list[str] = []

    async def handle(_sid: str, name: str) -> None:
        done.append(f'begin {name}')
        await asyncio.sleep(0)
        done.append(f'end {name}')

    server.on('act', handle)
    await connect(server, 'engine')
    await asyncio.gather(*(server._handle_eio_message('engine', f'2["act","{name}"]') for name in 'ab'))
    assert done == ['begin a', 'end a', 'begin b', 'end b']


async def test_the_end_of_a_connection_costs_the_same_however_many_others_there_are() -> None:
    server = socket_server()
    await connect(server, *'abcde')
    assert server.members == 5
    # what the library walks through when one ends
    assert list(server.manager.rooms['/']) == [None]
    await server._handle_eio_disconnect('c', 'transport close')
    assert server.members == 4
    assert server.manager.pending_disconnect == {}


@pytest.mark.parametrize(('wait', 'told'), [(0.004, 0.1), (0.1, 0.1), (0.21, 0.3), (2.0, 2.0)])
async def test_who_sends_too_many_events_is_never_told_to_try_again_too_early(
    monkeypatch: pytest.MonkeyPatch, wait: float, told: float
) -> None:
    sent: list[bytes] = []
    monkeypatch.setattr(EngineSocket, 'send_text', lambda _self, text: sent.append(text))
    server = socket_server()
    await connect(server, 'engine')
    await server._refuse_event('engine', wait)
    _, error = orjson.loads(sent[-1][1:])
    assert (error['code'], error['retry_after']) == ('rate_limited', told)


async def test_an_event_reaches_the_one_connection_it_names_and_cannot_be_for_all() -> None:
    server = socket_server()
    await connect(server, 'a', 'b')
    sid = server.manager.sid_from_eio_sid('a', '/')
    await server.emit('system_alert', {'message': 'for a'}, to=sid)
    await server.emit('system_alert', {'message': 'for one who left'}, to='gone')
    heard = {name: [packet.data for packet in await server.eio.sockets[name].poll()] for name in 'ab'}
    assert [data for data in heard['a'] if 'for' in data] == ['2["system_alert",{"message":"for a"}]']
    assert [data for data in heard['b'] if 'for' in data] == []
    with pytest.raises(ValueError, match='needs a connection'):
        await server.emit('system_alert', {'message': 'for all'})
