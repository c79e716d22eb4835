from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services import migrations
from services.broadcasts import Broadcasts
from services.connections import Connection, Connections
from services.database import Database
from services.hub import Seen
from services.identity import Identity
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.scores import RiskBands
from services.socket_server import SocketServer
from services.supervision import Supervisor
from services.user_states import UserState, user_states
from services.watchers import Watch
from tests.accounts import NOON, SettableClock, add_user, create_auth

HIGH_ONLY = DashboardQuery.parse({'risk': 'high'})


class Numbers:
    def __init__(self, query: DashboardQuery) -> None:
        self.payload = {'query': query}


class SlowHub:
    """Answers when it is let; has seen what it is told to have seen."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.states: dict[int, Seen] = {}

    def seen(self, user_id: int) -> Seen | None:
        return self.states.get(user_id)

    async def snapshot(self, _user_id: int, query: DashboardQuery) -> Numbers:
        await self.gate.wait()
        return Numbers(query)


class Heard:
    """In place of the emitter: what was sent, to whom."""

    def __init__(self) -> None:
        self.pushed: list[tuple[int, str, Any]] = []
        self.answered: list[tuple[str, str, Any]] = []
        self.ended: list[str] = []

    async def push(self, user_id: int, event: str, payload: Any) -> None:
        self.pushed.append((user_id, event, payload))

    async def answer(self, sid: str, event: str, payload: Any) -> None:
        self.answered.append((sid, event, payload))

    async def end(self, sid: str) -> None:
        self.ended.append(sid)


class Setting:
    def __init__(self, folder: Path) -> None:
        self.database = Database.open(f'sqlite:///{folder}/x.sqlite3')
        migrations.upgrade(self.database)
        self.clock = SettableClock()
        user = add_user(self.database)
        assert user.id
        self.user_id = user.id
        self.hub, self.heard, self.connections, self.supervisor = SlowHub(), Heard(), Connections(), Supervisor()
        self.auth = create_auth(self.database, self.clock)
        self.broadcasts = Broadcasts(
            server=SocketServer(allowed_origins=()),
            emitter=self.heard,  # type: ignore[arg-type]
            auth=self.auth,
            connections=self.connections,
            hub=self.hub,  # type: ignore[arg-type]
            database=self.database,
            supervisor=self.supervisor,
            bands=RiskBands(),
            clock=self.clock,
        )
        identity = Identity.of(user, expires_at=NOON + timedelta(hours=1))
        self.connection = Connection(sid='s1', identity=identity, watch=Watch(lambda _: None))
        self.connections.add(self.connection)

    def state(self) -> UserState:
        with self.database.reading() as session:
            return user_states(session, [self.user_id])[self.user_id]

    def take(self, count: int) -> tuple[UserState, UserState]:
        before = self.state()
        rows = [PredictionRow(1, f'c{number}', 500_000, None) for number in range(count)]
        Ingest(self.database, clock=self.clock).take(self.user_id, rows, kind=SourceKind.API, name='')
        return before, self.state()

    def announced(self) -> list[int]:
        return [int(payload['id']) for _, event, payload in self.heard.pushed if event == 'new_prediction']


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    setting = Setting(tmp_path)
    yield setting
    await setting.supervisor.stop()
    setting.auth.close()
    setting.database.close()


async def test_a_filter_is_not_overtaken_by_the_numbers_of_the_query_before(setting: Setting) -> None:
    update = asyncio.create_task(setting.broadcasts.update(setting.connection))
    await asyncio.sleep(0)
    setting.connection.query = HIGH_ONLY
    setting.hub.gate.set()
    assert (await update)['query'] == HIGH_ONLY


async def test_one_who_has_only_just_come_may_stay(setting: Setting) -> None:
    await setting.broadcasts.beat()
    assert setting.connections.get('s1')
    assert setting.heard.answered == []


@pytest.mark.parametrize('change', [{'disabled': True}, {'token_version': 1}])
async def test_one_who_lost_the_right_is_told_and_closed(setting: Setting, change: dict[str, Any]) -> None:
    values = {name: getattr(setting.state(), name) for name in UserState.__dataclass_fields__}
    setting.hub.states[setting.user_id] = Seen(state=UserState(**{**values, **change}), at=NOON)
    await setting.broadcasts.beat()
    assert setting.connections.get('s1') is None
    await asyncio.sleep(0.05)
    assert [(event, payload['code']) for _, event, payload in setting.heard.answered] == [('error', 'invalid_token')]
    assert setting.heard.ended == ['s1']


async def test_each_arrival_is_announced_once_and_a_stream_is_summed_up_at_the_beat(setting: Setting) -> None:
    setting.hub.gate.set()
    for _ in range(4):
        await setting.broadcasts.arrivals(*setting.take(2))
    assert setting.announced() == [1, 2, 3, 4, 6]
    await setting.broadcasts.beat()
    await setting.broadcasts.user_beat(setting.user_id)
    assert setting.announced() == [1, 2, 3, 4, 6, 8]
    assert [payload.get('more') for *_, payload in setting.heard.pushed] == [None, None, None, None, 1, 1]


async def test_what_arrives_after_the_look_is_left_to_the_next_one(setting: Setting) -> None:
    first = setting.take(1)
    second = setting.take(1)
    await setting.broadcasts.arrivals(*first)
    await setting.broadcasts.arrivals(*second)
    assert setting.announced() == [1, 2]
