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


async def test_one_who_comes_to_a_user_who_was_told_everything_is_served(live: Live) -> None:
    live.connect('s1', updates=Updates.CHANGES)
    for _ in range(3):
        await live.beat()
    second = live.connect('s2', updates=Updates.CHANGES)
    await live.beat()
    assert [event for event, _ in second.sent] == ['dashboard_changes']
    third = live.connect('s3')
    for _ in range(2):
        await live.beat()
    assert [event for event, _ in third.sent] == ['dashboard_update'] * 2


async def test_one_who_was_shown_a_filter_meanwhile_is_told_what_it_then_sees(live: Live) -> None:
    live.take(1)
    socket = live.connect(updates=Updates.CHANGES)
    for _ in range(3):
        await live.beat()
    connection = live.connection()
    connection.query = HIGH_ONLY
    live.broadcasts._messages.update(connection, await live.broadcasts.snapshot(connection))
    connection.query = DashboardQuery()
    before = len(socket.sent)
    await live.beat()
    assert [payload['metrics']['total_predictions'] for _, payload in socket.sent[before:]] == [1]


async def test_while_the_database_is_away_also_one_who_knows_everything_is_told_at_each_beat(live: Live) -> None:
    socket = live.connect(updates=Updates.CHANGES)
    for _ in range(3):
        await live.beat()
    with live.database.engine.begin() as connection:
        connection.exec_driver_sql('ALTER TABLE user_revision RENAME TO elsewhere')
    for count in (1, 2):
        await live.beat()
        assert [error['code'] for error in socket.of('error')] == ['unavailable'] * count
    with live.database.engine.begin() as connection:
        connection.exec_driver_sql('ALTER TABLE elsewhere RENAME TO user_revision')
    live.take(1)
    await live.beat()
    assert socket.sent[-1][1]['metrics']['total_predictions'] == 1


async def test_a_new_day_is_told_to_one_who_knows_everything_of_the_day_before(live: Live) -> None:
    live.take(1)
    socket = live.connect(updates=Updates.CHANGES)
    for _ in range(3):
        await live.beat()
    before = len(socket.sent)
    live.clock.advance(hours=24)
    await live.beat()
    assert socket.sent[before:][-1][1]['metrics']['new_predictions_today'] == 0


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
