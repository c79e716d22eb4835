"""The parts behind the live protocol for unit tests: a real database, and instead of sockets what they were sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from services import migrations
from services.access_watch import AccessWatch
from services.alerts import Alerts
from services.arrivals import Arrivals
from services.board_messages import BoardMessages
from services.broadcasts import Broadcasts
from services.connections import Connection, Connections, Updates
from services.counters import Counters
from services.dashboard import Dashboard
from services.database import Database
from services.emitter import Emitter
from services.hub import LiveHub
from services.identity import Identity
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.scores import RiskBands
from services.supervision import Supervisor
from services.user_states import UserState, user_states
from services.watchers import phase_of
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


class Endings:
    """In place of the Socket.IO server: which connections were ended."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.authenticated: set[str] = set()

    def engine_id(self, _sid: str) -> None:
        return None

    async def disconnect(self, sid: str) -> None:
        self.ended.append(sid)


class Live(Setting):
    """The same with all that sends to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server, self.counters = Endings(), Counters()
        self.emitter = Emitter(self.server, self.connections)  # type: ignore[arg-type]
        self.access = AccessWatch(
            auth=self.auth,
            hub=self.hub,
            connections=self.connections,
            emitter=self.emitter,
            supervisor=self.supervisor,
            clock=self.clock,
        )
        self.arrivals = Arrivals(
            database=self.database,
            connections=self.connections,
            emitter=self.emitter,
            supervisor=self.supervisor,
            bands=RiskBands(),
        )
        self.broadcasts = Broadcasts(
            emitter=self.emitter,
            connections=self.connections,
            hub=self.hub,
            messages=BoardMessages('epoch'),
            access=self.access,
            supervisor=self.supervisor,
            counters=self.counters,
        )

    async def beat(self) -> None:
        turn = self.hub.watched_at(phase_of(self.user_id, self.hub.phases))
        await self.hub.beat(turn)
        await self.broadcasts.beat(turn)
        await until(lambda: not any(connection.working for connection in self.connections))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 -- nothing tells that it holds
            await asyncio.sleep(0.01)
