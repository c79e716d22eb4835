"""Who is sent what of the pages' socket: at once, as our Engine.IO server writes it."""

from __future__ import annotations

from typing import Any

from socketio import AsyncManager
from socketio.packet import EVENT


class PageManager(AsyncManager):  # type: ignore[misc]
    """The library makes a task for each who is sent a message, and waits for all of them."""

    async def emit(self, event: str, data: object, namespace: str, room: str | None = None, **options: Any) -> None:
        message = [event, *data] if isinstance(data, tuple) else [event] if data is None else [event, data]
        text = self.server.packet_class(EVENT, namespace=namespace, data=message).encode()
        if any(options.values()) or not isinstance(text, str):  # answers are wanted, or it holds bytes
            await super().emit(event, data, namespace, room=room, **options)
            return
        written = text.encode()
        for _, engine_id in self.get_participants(namespace, room):
            if socket := self.server.eio.sockets.get(engine_id):
                socket.send_text(written)
