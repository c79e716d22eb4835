"""What the server knows of each Socket.IO connection: whose it is, since when, and what it looks at."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.identity import Identity
from services.query import DashboardQuery
from services.watchers import Watch


@dataclass(kw_only=True)
class Connection:
    """One authenticated connection; the identity is written once, at connect."""

    sid: str
    identity: Identity
    watch: Watch
    query: DashboardQuery = field(default_factory=DashboardQuery)
    seq: int = 0
    """The messages with data it was sent so far."""
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def close(self) -> None:
        self.watch.close()
        for timer in self.timers:
            timer.cancel()


class Connections:
    """All authenticated connections of this process."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Connection] = {}
        self._by_user: defaultdict[int, dict[str, Connection]] = defaultdict(dict)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._by_sid.values()))

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(self, connection: Connection) -> None:
        self._by_sid[connection.sid] = connection
        self._by_user[connection.identity.user_id][connection.sid] = connection

    def of(self, user_id: int) -> list[Connection]:
        return list(self._by_user.get(user_id, {}).values())

    def get(self, sid: str) -> Connection | None:
        return self._by_sid.get(sid)

    def remove(self, sid: str) -> None:
        connection = self._by_sid.pop(sid, None)
        if connection:
            user_id = connection.identity.user_id
            del self._by_user[user_id][sid]
            if not self._by_user[user_id]:
                del self._by_user[user_id]
            connection.close()
