"""The only place that emits: to one user's room, or to one connection. Nothing here can reach everybody."""

from __future__ import annotations

import asyncio

from services.socket_server import FLUSH_SECONDS, SocketServer


def user_room(user_id: int) -> str:
    return f'user:{user_id}'


class Emitter:
    """Sends events of the public protocol."""

    def __init__(self, server: SocketServer) -> None:
        self._server = server

    async def push(self, user_id: int, event: str, payload: object) -> None:
        """To all connections of one user."""
        await self._server.emit(event, payload, to=user_room(user_id))

    async def answer(self, sid: str, event: str, payload: object) -> None:
        """To one connection.

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
