from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.access_watch import AccessWatch
from services.arrivals import Arrivals
from services.board_messages import BoardMessages
from services.broadcasts import BEHIND_SECONDS, NOT_DRAINED, Broadcasts
from services.connections import Updates
from services.counters import Counters
from services.emitter import Emitter
from services.query import DashboardQuery
from services.scores import RiskBands
from tests.unit.live_setting import Setting

HIGH_ONLY = DashboardQuery.parse({'risk': 'high'})


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
        await self.hub.beat([self.user_id])
        await self.broadcasts.beat([self.user_id])
        await until(lambda: not any(connection.working for connection in self.connections))


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 -- nothing tells that it holds
            await asyncio.sleep(0.01)


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    live = Live(tmp_path)
    yield live
    await live.close()


async def test_a_filter_is_not_overtaken_by_the_numbers_of_the_query_before(live: Live) -> None:
    live.take(1)
    live.connect()
    asked = asyncio.create_task(live.broadcasts.snapshot(live.connection()))
    await asyncio.sleep(0)
    live.connection().query = HIGH_ONLY
    assert (await asked).data.metrics.total_predictions == 0


async def test_every_beat_brings_the_whole_to_one_who_asked_for_it(live: Live) -> None:
    socket = live.connect()
    for _ in range(3):
        await live.beat()
    assert [update['seq'] for update in socket.of('dashboard_update')] == [1, 2, 3]


async def test_one_who_asked_for_changes_hears_nothing_while_there_are_none(live: Live) -> None:
    socket = live.connect(updates=Updates.CHANGES)
    await live.beat()
    before = len(socket.sent)
    await live.beat()
    assert len(socket.sent) == before
    live.take(1)
    await live.beat()
    event, changes = socket.sent[-1]
    assert (event, changes['metrics']['total_predictions']) == ('dashboard_changes', 1)
    assert 'alerts' not in changes


async def test_one_who_does_not_read_is_left_out_and_then_gets_the_latest(live: Live) -> None:
    socket = live.connect()
    await live.beat()
    socket.unread = NOT_DRAINED + 1
    for _ in range(3):
        live.take(1)
        await live.beat()
    assert len(socket.of('dashboard_update')) == 1
    assert live.counters.drops('update_not_read') == 3
    socket.unread = 0
    await live.beat()
    latest = socket.of('dashboard_update')[-1]
    assert (latest['seq'], latest['metrics']['total_predictions']) == (2, 3)


async def test_one_who_stays_behind_is_closed(live: Live) -> None:
    socket = live.connect()
    await live.beat()
    socket.unread = NOT_DRAINED + 1
    await live.beat()
    behind = live.connection()
    assert behind.behind_since is not None
    behind.behind_since -= BEHIND_SECONDS + 1
    await live.beat()
    await until(lambda: live.server.ended == ['s1'])
    assert live.connections.get('s1') is None


async def test_each_arrival_is_announced_once_and_a_stream_is_summed_up_at_the_beat(live: Live) -> None:
    socket = live.connect()
    announced = lambda: [int(item['id']) for item in socket.of('new_prediction')]  # noqa: E731
    for expected in ([1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 6]):
        await live.arrivals.note(*live.take(2))
        await until(lambda expected=expected: announced() == expected)
    await live.arrivals.note(*live.take(2))
    await live.arrivals.note(*live.take(3))
    await live.arrivals.beat([live.user_id])
    await until(lambda: announced() == [1, 2, 3, 4, 6, 11])
    assert [item.get('more') for item in socket.of('new_prediction')] == [None, None, None, None, 1, 4]


async def test_what_nobody_is_connected_for_is_not_read(live: Live) -> None:
    await live.arrivals.note(*live.take(2))
    socket = live.connect()
    await live.arrivals.note(*live.take(1))
    await until(lambda: len(socket.of('new_prediction')) == 1)


async def test_one_who_has_only_just_come_may_stay(live: Live) -> None:
    socket = live.connect()
    await live.access.check()
    assert live.connections.get('s1')
    assert socket.sent == []


@pytest.mark.parametrize('change', ['disabled', 'token_version'])
async def test_one_who_lost_the_right_is_told_and_closed(live: Live, change: str) -> None:
    socket = live.connect()
    await live.hub.beat([live.user_id])
    with live.database.writing() as session:
        user = session.get_one(type(live.user), live.user_id)
        setattr(user, change, 1)
    await live.hub.beat([live.user_id])
    await live.access.check()
    assert live.connections.get('s1') is None
    assert [error['code'] for error in socket.of('error')] == ['invalid_token']
    await until(lambda: live.server.ended == ['s1'])


async def test_a_client_is_warned_and_its_connection_ends_with_its_token(live: Live) -> None:
    socket = live.connect(seconds=0.05)
    live.access.schedule(live.connection())
    await until(lambda: socket.of('error'))
    assert [alert['id'] for alert in socket.of('system_alert')] == ['token-expiring']
    assert socket.of('error')[0]['code'] == 'token_expired'
    await until(lambda: live.server.ended == ['s1'])


async def test_a_renewed_token_counts_from_anew(live: Live) -> None:
    live.connect(seconds=0.2)
    connection = live.connection()
    live.access.schedule(connection)
    old = list(connection.timers)
    connection.identity = type(connection.identity)(
        **{**connection.identity.__dict__, 'expires_at': connection.identity.expires_at.replace(year=2030)}
    )
    live.access.schedule(connection)
    assert all(timer.cancelled() for timer in old)
    assert not any(timer.cancelled() for timer in connection.timers)
