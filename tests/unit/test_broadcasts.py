from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.broadcasts import BEHIND_SECONDS, NOT_DRAINED
from services.connections import Updates
from services.query import DashboardQuery
from tests.unit.live_setting import Live, until

HIGH_ONLY = DashboardQuery.parse({'risk': 'high'})


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
    assert (await asked).metrics.total_predictions == 0


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
