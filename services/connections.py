"""What the server knows of each Socket.IO connection: whose it is, since when, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.identity import Identity
from services.query import EVERYTHING, DashboardQuery
from services.snapshots import Contents
from services.user_states import UserState
from services.watchers import Watch


class Updates(StrEnum):
    """What a client asked to be sent at each beat."""

    FULL = 'full'
    CHANGES = 'changes'
    """Only what is not as it was, and nothing while all is."""


class Socket(Protocol):
    """The transport of a connection."""

    sid: str

    def send_text(self, text: bytes) -> None:
        """Send a message, or have it wait until the client reads."""

    def waiting(self) -> int:
        """Bytes that wait for the client to read them."""


@dataclass(kw_only=True, slots=True, eq=False)
class Connection:
    """One authenticated connection; whose it is is written once, at connect. There are thousands: keep it small."""

    sid: str
    socket: Socket
    identity: Identity
    watch: Watch
    updates: Updates = Updates.FULL
    query: DashboardQuery = EVERYTHING
    seq: int = 0
    """The messages with data it was sent so far."""
    sent: Contents | None = None
    """What it was sent last."""
    changed: dict[str, int] | None = None
    """Which message brought the present value of a key, after the first, of a connection that asked for changes."""
    behind_since: float | None = None
    """When it was first left out because it does not read, in seconds of the loop's clock."""
    working: bool = False
    """Whether an update for it is being worked out."""
    due: float | None = None
    """When it is acted on next, in seconds of the time of day; the :class:`Deadlines` set it."""
    approved: Identity | None = None
    """The identity with which it was found that it may stay, if nothing beside the user's state can end that."""
    approved_in: UserState | None = None
    """The state its user was in then."""


class Connections:
    """All authenticated connections of this process."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Connection] = {}
        self._by_user: dict[int, list[Connection]] = {}

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._by_sid.values()))

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(self, connection: Connection) -> None:
        self._by_sid[connection.sid] = connection
        if of_user := self._by_user.get(connection.identity.user_id):
            of_user.append(connection)
        else:
            self._by_user[connection.identity.user_id] = [connection]

    def of(self, user_id: int) -> list[Connection]:
        return list(self._by_user.get(user_id, ()))

    def get(self, sid: str) -> Connection | None:
        return self._by_sid.get(sid)

    def remove(self, sid: str) -> None:
        connection = self._by_sid.pop(sid, None)
        if connection:
            user_id = connection.identity.user_id
            self._by_user[user_id].remove(connection)
            if not self._by_user[user_id]:
                del self._by_user[user_id]
            connection.watch.close()
