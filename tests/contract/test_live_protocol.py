"""Socket.IO as a client sees it: real server process, real client, both transports, both databases."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.live import listening
from tests.contract.watched import watched_board

ROW = {'customer_id': 'c1', 'churn_score': 0.9, 'reasons': ['+Logins down']}


def post(board: Board, person: Person, *rows: dict[str, Any]) -> dict[str, Any]:
    with board.rest(person.token) as rest:
        answer = rest.post('/api/predictions', json=list(rows))
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()['data']
    return data


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
async def test_a_client_is_greeted_and_then_gets_its_board(board: Board, alice: Person, transport: str) -> None:
    post(board, alice, ROW, *({'customer_id': f'calm{number}', 'churn_score': 0.1} for number in range(9)))
    async with listening(board.url, alice.token, transport=transport) as live:
        update = await live.next('dashboard_update')
        assert [name for name, _ in live.heard[:2]] == ['connected', 'dashboard_update']
        assert live.of('connected')[0]['status'] == 'success'
        assert list(update)[:6] == ['user_id', 'timestamp', 'metrics', 'recent_activity', 'trends', 'alerts']
        assert update['metrics']['high_risk_predictions'] == 1
        assert update['seq'] == 1


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
async def test_updates_come_with_each_beat_and_are_counted(board: Board, alice: Person, transport: str) -> None:
    async with listening(board.url, alice.token, transport=transport) as live:
        third = await live.next('dashboard_update', where=lambda data: data['seq'] == 3)
        updates = live.of('dashboard_update')
        assert [update['seq'] for update in updates[:3]] == [1, 2, 3]
        assert len({update['epoch'] for update in updates}) == 1
        assert third['timestamp'] > updates[0]['timestamp']


async def test_a_prediction_is_announced_as_soon_as_it_is_committed(board: Board, alice: Person) -> None:
    async with listening(board.url, alice.token) as live:
        await live.next('dashboard_update')
        post(board, alice, ROW)
        announced = await live.next('new_prediction')
        assert announced['customer_id'] == 'c1'
        assert announced['risk_level'] == 'high'
        assert announced['reasons'] == ['+Logins down']
        assert announced['committed_at'].endswith('Z')
        await live.next('dashboard_update', where=lambda data: data['metrics']['total_predictions'] == 1)


async def test_predictions_are_announced_when_they_are_posted_and_not_when_the_database_is_looked_at(
    tmp_path: Path,
) -> None:
    with watched_board(tmp_path, REFRESH_SECONDS='600') as slow:
        tokens = [slow.add_user(f'{name}@example.com') for name in ('alice', 'bob', 'carol', 'dave')]
        async with asyncio.timeout(25):  # looks every 2.5 seconds would take 50
            for token in tokens:
                async with listening(slow.url, token) as live:
                    await live.next('dashboard_update')
                    for number in range(5):  # as many as a user is told of in a beat
                        heard = len(live.heard)
                        with slow.rest(token) as rest:
                            rest.post(
                                '/api/predictions', json=[{**ROW, 'customer_id': f'c{number}'}]
                            ).raise_for_status()
                        await live.next('new_prediction', after=heard)


async def test_bulk_arrivals_are_announced_by_their_newest_and_a_count(board: Board, alice: Person) -> None:
    async with listening(board.url, alice.token) as live:
        await live.next('dashboard_update')
        post(board, alice, *({**ROW, 'customer_id': f'c{number}'} for number in range(40)))
        last = await live.next('new_prediction', where=lambda data: 'more' in data)
        assert last['more'] == 35
        assert [data['id'] for data in live.of('new_prediction')] == ['36', '37', '38', '39', '40']


async def test_a_change_by_another_process_arrives_within_a_beat(board: Board, alice: Person, tmp_path: Any) -> None:
    file = tmp_path / 'scores.csv'
    file.write_text('customer_id,churn_score\nc1,0.5\nc2,0.75\n')
    async with listening(board.url, alice.token) as live:
        await live.next('dashboard_update')
        done = await asyncio.to_thread(board.command, 'import', str(file), '--user', alice.email)
        assert done.returncode == 0, done.stderr
        before = len(live.heard)
        update = await live.next(
            'dashboard_update', after=before, seconds=3, where=lambda data: data['metrics']['total_predictions'] == 2
        )
        assert update['recent_activity'][0]['file_name'] == 'scores.csv'
        assert {data['customer_id'] for data in live.of('new_prediction')} == {'c1', 'c2'}


async def test_two_connections_of_one_user_may_look_at_different_things(board: Board, alice: Person) -> None:
    post(board, alice, ROW, {'customer_id': 'c2', 'churn_score': 0.1})
    async with listening(board.url, alice.token) as one, listening(board.url, alice.token) as other:
        assert await one.act('filter', {'risk': ['high']}) == {'name': 'filter', 'status': 'ok'}
        beat = await one.next('dashboard_update', where=lambda data: 'action' not in data and data['seq'] > 2)
        assert beat['metrics']['total_predictions'] == 1
        beat = await other.next('dashboard_update', where=lambda data: data['seq'] > 1)
        assert beat['metrics']['total_predictions'] == 2


async def test_filter_and_date_range_replace_their_own_part_of_the_query(board: Board, alice: Person) -> None:
    old = {'customer_id': 'old', 'churn_score': 0.9, 'predicted_at': '2025-01-01T12:00:00Z'}
    post(board, alice, ROW, old, {'customer_id': 'c2', 'churn_score': 0.1})

    async def total(action: str, data: dict[str, Any]) -> int:
        heard = len(live.heard)
        await live.act(action, data)
        update = await live.next('dashboard_update', after=heard, where=lambda data: 'action' in data)
        number: int = update['metrics']['total_predictions']
        return number

    async with listening(board.url, alice.token) as live:
        assert await total('filter', {'risk': ['high']}) == 2
        assert await total('date_range', {'range': '7d'}) == 1
        assert await total('filter', {}) == 2
        assert await total('date_range', {'from': '2025-01-01', 'to': '2025-01-01'}) == 1
        assert await total('date_range', {}) == 3


async def test_an_export_is_fetched_once_by_its_link(board: Board, alice: Person) -> None:
    post(board, alice, ROW, {'customer_id': 'c2', 'churn_score': 0.1})
    async with listening(board.url, alice.token) as live:
        await live.act('filter', {'risk': ['high']})
        granted = await live.act('export', {'format': 'json'})
    assert granted['rows'] == 1
    with httpx.Client(base_url=board.url) as anyone:
        answer = anyone.get(granted['url'])
        assert [row['customer_id'] for row in answer.json()] == ['c1']
        assert anyone.get(granted['url']).status_code == 404


@pytest.mark.parametrize(
    ('message', 'field'),
    [
        (None, 'action'),
        (5, 'action'),
        ([], 'action'),
        ({}, 'action'),
        ({'action': 7}, 'action'),
        ({'action': 'explode'}, 'action'),
        ({'action': 'refresh', 'extra': 1}, 'extra'),
        ({'action': 'refresh', 'data': []}, 'data'),
        ({'action': 'refresh', 'timestamp': 'yesterday'}, 'timestamp'),
        ({'action': 'refresh', 'timestamp': '0000-01-01T00:00:00Z'}, 'timestamp'),
        ({'action': 'filter', 'data': {'rsk': 'high'}}, 'rsk'),
        ({'action': 'filter', 'data': {'risk': []}}, 'risk'),
        ({'action': 'filter', 'data': {'min_score': 1e308}}, 'min_score'),
        ({'action': 'filter', 'data': {'q': '\0'}}, 'q'),
        ({'action': 'filter', 'data': {'q': 'x' * 101}}, 'q'),
        ({'action': 'filter', 'data': {'from': '2026-01-01'}}, 'from'),
        ({'action': 'date_range', 'data': {'from': '2026-02-30'}}, 'from'),
        ({'action': 'date_range', 'data': {'from': '2026-02-02', 'to': '2026-02-01'}}, 'from'),
        ({'action': 'date_range', 'data': {'range': '7d', 'to': '2026-02-01'}}, 'range'),
        ({'action': 'export', 'data': {'format': 'exe'}}, 'format'),
    ],
)
async def test_a_bad_request_gets_an_error_that_names_the_field_and_the_connection_lives(
    board: Board, alice: Person, message: Any, field: str
) -> None:
    async with listening(board.url, alice.token) as live:
        await live.next('dashboard_update')
        await live.client.emit('user_action', message)
        error = await live.next('error')
        assert (error['code'], error['field']) == ('invalid_request', field)
        assert (await live.act('refresh'))['status'] == 'ok'


async def test_request_dashboard_data_answers_this_connection(board: Board, alice: Person) -> None:
    async with listening(board.url, alice.token) as live:
        await live.next('dashboard_update')
        async with asyncio.timeout(8):  # the beats alone would bring ten updates in ten seconds
            for _ in range(10):
                heard = len(live.heard)
                await live.client.emit('request_dashboard_data', {})
                await live.next('dashboard_update', after=heard)


async def test_an_alert_is_told_when_it_starts(board: Board, alice: Person) -> None:
    post(board, alice, {'customer_id': 'c0', 'churn_score': 0.1})
    async with listening(board.url, alice.token) as live:
        await live.next('dashboard_update')
        post(board, alice, *({**ROW, 'customer_id': f'c{number}'} for number in range(1, 5)))
        alert = await live.next('system_alert')
        assert alert['type'] == 'critical'
        update = await live.next('dashboard_update', where=lambda data: bool(data['alerts']))
        assert update['alerts'][0]['id'] == alert['id']


async def test_a_connection_ends_with_its_token_and_is_warned_before(board: Board) -> None:
    token = board.add_user(f'short-{time.monotonic_ns()}@example.com', seconds=3)
    async with listening(board.url, token) as live:
        await live.next('dashboard_update')
        warning = await live.next('system_alert', where=lambda data: data['id'] == 'token-expiring')
        assert warning['type'] == 'warning'
        await asyncio.wait_for(live.disconnected.wait(), timeout=30)
        assert live.of('error')[-1]['code'] == 'token_expired'
    async with listening(board.url, token) as live:
        assert (await live.next('connected'))['status'] == 'error'


async def test_disabling_a_user_ends_the_connection_within_a_beat(board: Board, alice: Person) -> None:
    async with listening(board.url, alice.token) as live:
        await live.next('dashboard_update')
        assert (await asyncio.to_thread(board.command, 'user', 'disable', alice.email)).returncode == 0
        await asyncio.wait_for(live.disconnected.wait(), timeout=30)
        assert live.of('error')[-1]['code'] == 'invalid_token'


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
@pytest.mark.parametrize('token', [None, '', 'forged', 5, ['x'], {'a': 1}, 'x' * 5000])
async def test_without_a_good_token_the_client_is_told_and_closed(board: Board, transport: str, token: Any) -> None:
    async with listening(board.url, token, transport=transport) as live:
        refusal = await live.next('connected')
        assert refusal['status'] == 'error'
        await asyncio.wait_for(live.disconnected.wait(), timeout=30)
        assert [name for name, _ in live.heard] == ['connected']


async def test_an_unknown_kind_of_updates_is_refused_by_name(board: Board, alice: Person) -> None:
    async with listening(board.url, alice.token, updates='sometimes') as live:
        refusal = await live.next('connected')
        assert refusal['status'] == 'error'
        assert 'updates' in refusal['message']
