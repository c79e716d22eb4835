"""Which connection is which engine's: python-socketio's own book, without a room for each connection."""

from __future__ import annotations

from collections.abc import Iterator

import socketio


class SocketManager(socketio.AsyncManager):  # type: ignore[misc]
    """Every connection is in the one room of its namespace, and is itself the room that its id names.

    The library enters each into a room of its own, and when one ends looks through the rooms of all: thousands that
    left at once, as behind a proxy that is restarted, held the loop for seconds.
    """

    def members(self, namespace: str = '/') -> int:
        """Connections in a namespace, signed in or not."""
        return len(self._members(namespace))

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        if room != sid:
            super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)

    def get_participants(self, namespace: str, room: str | None) -> Iterator[tuple[str, str]]:
        """The connection with this id and its engine's.

        :raises ValueError: no id is given, which the library takes for "everybody".
        """
        if not room:
            raise ValueError('an event needs a connection it is for')
        engine_id = self._members(namespace).get(room)
        if engine_id:
            yield room, engine_id

    def _members(self, namespace: str) -> dict[str, str]:
        members: dict[str, str] = self.rooms.get(namespace, {}).get(None, {})
        return members
