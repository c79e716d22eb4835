"""The parts behind the live protocol for unit tests: a real database, and instead of sockets what they were sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from services import migrations
from services.alerts import Alerts
from services.connections import Connection, Connections, Updates
from services.dashboard import Dashboard
from services.database import Database
from services.hub import LiveHub
from services.identity import Identity
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.scores import RiskBands
from services.supervision import Supervisor
from services.user_states import UserState, user_states
from tests.accounts import NOON, SettableClock, add_user, create_auth


class FakeSocket:
    """Keeps what it was sent; ``unread`` bytes wait."""

    def __init__(self, sid: str) -> None:
        self.sid = sid
        self.unread = 0
        self.sent: list[tuple[str, Any]] = []

    def send_text(self, text: bytes) -> None:
        event, payload = orjson.loads(text[1:])
        self.sent.append((event, payload))

    def waiting(self) -> int:
        return self.unread

    def of(self, event: str) -> list[Any]:
        return [payload for name, payload in self.sent if name == event]


class Setting:
    """One user with a connection."""

    def __init__(self, folder: Path) -> None:
        self.database = Database.open(f'sqlite:///{folder}/x.sqlite3')
        migrations.upgrade(self.database)
        self.clock = SettableClock()
        self.user = add_user(self.database)
        assert self.user.id
        self.user_id = self.user.id
        self.connections, self.supervisor = Connections(), Supervisor()
        self.auth = create_auth(self.database, self.clock)
        self.dashboard = Dashboard(bands=RiskBands())
        self.hub = LiveHub(self.database, self.dashboard, Alerts(self.database), clock=self.clock, refresh_seconds=5)

    def connect(self, sid: str = 's1', *, updates: Updates = Updates.FULL, seconds: float = 3600) -> FakeSocket:
        socket = FakeSocket(sid)
        identity = Identity.of(self.user, expires_at=NOON + timedelta(seconds=seconds))
        watch = self.hub.watch(self.user_id)
        self.connections.add(Connection(sid=sid, socket=socket, identity=identity, watch=watch, updates=updates))
        return socket

    def connection(self, sid: str = 's1') -> Connection:
        found = self.connections.get(sid)
        assert found
        return found

    def state(self) -> UserState:
        with self.database.reading() as session:
            return user_states(session, [self.user_id])[self.user_id]

    def take(self, count: int) -> tuple[UserState, UserState]:
        """Take predictions in; gives the states before and after."""
        before = self.state()
        rows = [PredictionRow(1, f'c{before.arrivals + number}', 500_000, None) for number in range(count)]
        Ingest(self.database, clock=self.clock).take(self.user_id, rows, kind=SourceKind.API, name='')
        return before, self.state()

    async def close(self) -> None:
        await self.supervisor.stop()
        self.hub.close()
        self.auth.close()
        self.database.close()
