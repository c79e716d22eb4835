"""Our Socket.IO server, without any transport."""

from __future__ import annotations

import asyncio

from services.connection_limits import ConnectionLimits, Limits
from services.counters import Counters
from services.engine_socket import EngineSocket
from services.socket_server import SocketServer


async def test_one_event_of_a_connection_is_handled_at_a_time_in_the_order_of_arrival() -> None:
    counters = Counters()
    server = SocketServer(allowed_origins=(), limits=ConnectionLimits(Limits(), counters=counters), counters=counters)
    done: list[str] = []

    async def handle(_sid: str, name: str) -> None:
        done.append(f'begin {name}')
        await asyncio.sleep(0)
        done.append(f'end {name}')

    async def let_in(_sid: str, _environ: object, _auth: object) -> None:
        server.admit('engine')

    server.on('connect', let_in)
    server.on('act', handle)
    server.eio.sockets['engine'] = EngineSocket(server.eio, 'engine')
    await server._handle_eio_connect('engine', {'asgi.scope': {'client': ('127.0.0.1', 1)}})
    await server._handle_eio_message('engine', '0')
    await asyncio.gather(*(server._handle_eio_message('engine', f'2["act","{name}"]') for name in 'ab'))
    assert done == ['begin a', 'end a', 'begin b', 'end b']
