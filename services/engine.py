"""The Engine.IO server below Socket.IO: it makes our connections, and refuses those for whom there is no room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import engineio
import orjson
from engineio import exceptions, packet

from services.engine_socket import EngineSocket
from services.errors import ChurnboardError
from services.heartbeat import Heartbeat


class Engine(engineio.AsyncServer):  # type: ignore[misc]
    """Makes our connections, and refuses those for whom there is no room."""

    admit: Callable[[dict[str, Any]], ChurnboardError | None]
    """Why a connection cannot be had now, from its environment."""

    refuse_frame: Callable[[str], None]
    """Told that a frame was not one of ours, and in what way."""

    take_at_once: Callable[[str, bytes], bool] = staticmethod(lambda _sid, _packet: False)
    """Asked of each packet that no other waits before, by its connection's id: whether it is done with already, as it
    needed no waiting."""

    refuse_request: Callable[[str], None]
    """Told that a request was not one of ours, and in what way."""

    def __init__(self, **options: Any) -> None:
        # the library's own watch over clients that are gone wakes the loop hundreds of times a second
        super().__init__(monitor_clients=False, **options)
        self.heartbeat = Heartbeat(interval=self.ping_interval, timeout=self.ping_timeout)

    async def handle_request(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope['type'] == 'http':
            if _asks_jsonp(scope):
                self.refuse_request('jsonp')
                return await send_response(send, 400, b'JSONP is not supported.')
            first = await receive()
            if first['type'] != 'http.request':
                return None  # the client went before its request was whole; the library would fail over it
            receive = _once_more(first, receive)
        return await super().handle_request(scope, receive, send)

    def _log_error_once(self, message: str, message_key: str) -> None:  # noqa: ARG002
        """The library would print what the client sent, line breaks and session ids among it."""
        self.refuse_request(message_key.replace('-', '_'))

    def _method_not_found(self) -> Any:
        self.refuse_request('bad_method')
        return super()._method_not_found()

    async def _handle_connect(self, environ: dict[str, Any], transport: str, _jsonp_index: int | None = None) -> Any:
        refusal = self.admit(environ)
        if refusal:
            return await self._refuse(environ, refusal)
        sid = self.generate_id()
        socket = self.sockets[sid] = EngineSocket(self, sid)
        await socket.send(packet.Packet(packet.OPEN, self._welcome(sid, transport)))
        await self._trigger_event('connect', sid, environ, run_async=False)
        self.heartbeat.begin(socket)
        if transport == 'websocket':
            try:
                return await socket.handle_get_request(environ)
            finally:
                if socket.closed:
                    self.sockets.pop(sid, None)
        socket.connected = True
        try:
            return self._ok(await socket.poll())
        except exceptions.QueueEmpty:
            return self._bad_request()

    def _get_socket(self, sid: str) -> Any:
        """Also one that was closed between two polls: the next one brings its last words."""
        return self.sockets[sid]

    def _welcome(self, sid: str, transport: str) -> dict[str, Any]:
        return {
            'sid': sid,
            'upgrades': self._upgrades(sid, transport),
            'pingTimeout': int(self.ping_timeout * 1000),
            'pingInterval': int(self.ping_interval * 1000),
            'maxPayload': self.max_http_buffer_size,
        }

    @staticmethod
    async def _refuse(environ: dict[str, Any], error: ChurnboardError) -> Any:
        body = orjson.dumps({'success': False, 'error': error.payload()})
        headers = [('Content-Type', 'application/json'), ('Retry-After', f'{error.retry_after or 5:.0f}')]
        if environ['asgi.scope']['type'] != 'websocket':
            return {'status': '429 TOO MANY REQUESTS', 'headers': headers, 'response': body}
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
        await environ['asgi.send']({'type': 'websocket.http.response.start', 'status': 429, 'headers': pairs})
        await environ['asgi.send']({'type': 'websocket.http.response.body', 'body': body})
        return ''


def _asks_jsonp(scope: Any) -> bool:
    return 'j' in parse_qs(scope.get('query_string', b'').decode('latin-1'), keep_blank_values=True)


def _once_more(first: Any, receive: Any) -> Any:
    """``receive`` as it was before its first message was taken."""
    taken = [first]

    async def receive_again() -> Any:
        return taken.pop() if taken else await receive()

    return receive_again


async def send_response(send: Any, status: int, body: bytes) -> None:
    """A plain answer, where the library would give one that a script runs."""
    await send({'type': 'http.response.start', 'status': status, 'headers': [(b'content-type', b'text/plain')]})
    await send({'type': 'http.response.body', 'body': body})
