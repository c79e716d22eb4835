"""Who is sent what of the pages' socket: at once, as our Engine.IO server writes it."""

from __future__ import annotations

from typing import Any

import orjson
from socketio import AsyncManager
from socketio.packet import EVENT

WRITTEN = str(EVENT).encode()


class PageManager(AsyncManager):  # type: ignore[misc]
    """The library makes a task for each who is sent a message, and waits for all of them."""

    async def emit(self, event: str, data: object, namespace: str, room: str | None = None, **options: Any) -> None:
        if isinstance(data, orjson.Fragment) and namespace == '/' and not any(options.values()):  # it holds no bytes
            self._write(WRITTEN + orjson.dumps([event, data]), namespace, room)
            return
        message = [event, *data] if isinstance(data, tuple) else [event] if data is None else [event, data]
        text = self.server.packet_class(EVENT, namespace=namespace, data=message).encode()
        if any(options.values()) or not isinstance(text, str):  # answers are wanted, or it holds bytes
            await super().emit(event, data, namespace, room=room, **options)
            return
        self._write(text.encode(), namespace, room)

    def _write(self, text: bytes, namespace: str, room: str | None) -> None:
        for _, engine_id in self.get_participants(namespace, room):
            if socket := self.server.eio.sockets.get(engine_id):
                socket.send_text(text)
