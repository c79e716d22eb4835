"""What the server knows of each Socket.IO connection: whose it is, since when, and what it looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.hub import Watch
from services.identity import Identity
from services.query import DashboardQuery


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

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._by_sid.values()))

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(self, connection: Connection) -> None:
        self._by_sid[connection.sid] = connection

    def get(self, sid: str) -> Connection | None:
        return self._by_sid.get(sid)

    def remove(self, sid: str) -> None:
        connection = self._by_sid.pop(sid, None)
        if connection:
            connection.close()
