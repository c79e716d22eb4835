"""The only place that emits: to one user's connections, or to one connection. Nothing here can reach everybody."""

from __future__ import annotations

import asyncio

import orjson

from services.connections import Connection, Connections
from services.socket_server import FLUSH_SECONDS, SocketServer


class Emitter:
    """Sends events of the public protocol."""

    def __init__(self, server: SocketServer, connections: Connections) -> None:
        self._server = server
        self._connections = connections

    def push(self, user_id: int, event: str, payload: object) -> None:
        """To all connections of one user."""
        encoded = orjson.dumps(payload)
        for connection in self._connections.of(user_id):
            self.send(connection, event, encoded)

    def tell(self, connection: Connection, event: str, payload: object) -> None:
        """To one connection whose user is known."""
        self.send(connection, event, orjson.dumps(payload))

    def send(self, connection: Connection, event: str, encoded: bytes) -> None:
        """The same of a payload that is encoded already; nothing is sent to a connection that has ended.

        :param encoded: the payload in JSON: it may be shared by many connections.
        """
        if self._connections.get(connection.sid) is connection:
            connection.socket.send_text(b'2["%b",%b]' % (event.encode(), encoded))

    async def answer(self, sid: str, event: str, payload: object) -> None:
        """To one connection, known or not.

        :raises ValueError: the id is empty, which the library would take for "everybody".
        """
        if not sid:
            raise ValueError('an answer needs a connection')
        await self._server.emit(event, payload, to=sid)

    async def end(self, sid: str) -> None:
        """Disconnect, and close the engine once the last words had time to leave."""
        engine_id = self._server.engine_id(sid)
        await self._server.disconnect(sid)
        if engine_id:
            self._server.authenticated.discard(engine_id)
            await asyncio.sleep(FLUSH_SECONDS)
            await self._server.close_engine(engine_id)
