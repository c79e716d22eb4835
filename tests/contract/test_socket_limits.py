"""What a Socket.IO client may do to the server: so much, and no more; by either transport."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.clock import system_clock
from services.tokens import Tokens
from tests.accounts import SECRET
from tests.board import Board
from tests.contract.live import Listener, listening
from tests.contract.raw_engine import TRANSPORTS, RawEngine, connect_packet, raw_engine
from tests.contract.watched import METRICS_TOKEN, figure, leaving_nothing, refused, until_figure, watched_board

EVENTS_PER_SECOND, PER_USER, PER_ADDRESS = 2, 3, 40


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A server with narrow limits."""
    settings = {
        'EVENTS_PER_SECOND': str(EVENTS_PER_SECOND),
        'MAX_CONNECTIONS_PER_USER': str(PER_USER),
        'MAX_CONNECTIONS_PER_ADDRESS': str(PER_ADDRESS),
        'MAX_MESSAGE_KB': '4',
        'SOCKET_COMPRESSION': 'true',
    }
    with watched_board(tmp_path_factory.mktemp('limits'), **settings) as board:
        yield board


@pytest.fixture
def token(board: Board, request: pytest.FixtureRequest) -> str:
    return board.add_user(f'{abs(hash(request.node.nodeid))}@example.com')


def expiring(token: str, seconds: int) -> str:
    """Another token of the same user that ends soon."""
    claims = jwt.decode(token, options={'verify_signature': False})
    tokens = Tokens(SECRET, max_seconds=3600, clock=system_clock)
    return tokens.issue(int(claims['sub']), claims['tv'], seconds=seconds)


@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_changes_and_what_was_missed(board: Board, token: str, transport: str) -> None:
    async with listening(board.url, token, transport=transport, updates='changes') as live:
        first = await live.next('dashboard_update')
        async with httpx.AsyncClient(base_url=board.url, headers={'Authorization': f'Bearer {token}'}) as rest:
            for number in range(2):
                await rest.post('/api/predictions', json=[{'customer_id': f'c{number}', 'churn_score': 0.5}])
                changes = await live.next(
                    'dashboard_changes',
                    where=lambda data, number=number: data.get('metrics', {}).get('total_predictions') == number + 1,
                )
        assert changes['epoch'] == first['epoch']
        assert 'retention_trend' not in changes.get('trends', {})
        heard = len(live.heard)
        await live.client.emit('request_dashboard_data', {'since': [first['epoch'], first['seq']]})
        missed = await live.next('dashboard_changes', after=heard)
        assert missed['metrics']['total_predictions'] == 2
        assert [item['customer_id'] for item in missed['recent_activity']] == ['c1', 'c0']
        await live.client.emit('request_dashboard_data', {'since': ['another run', 1]})
        whole = await live.next('dashboard_update', after=heard)
        assert whole['metrics']['total_predictions'] == 2
        assert whole['seq'] == missed['seq'] + 1


@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_a_connection_ends_with_its_token(board: Board, token: str, transport: str) -> None:
    async with listening(board.url, expiring(token, 2), transport=transport) as live:
        assert (await live.next('system_alert'))['id'] == 'token-expiring'
        assert (await live.next('error'))['code'] == 'token_expired'
        async with asyncio.timeout(30):
            await live.disconnected.wait()


@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_a_new_token_keeps_it_and_anothers_does_not_change_it(board: Board, token: str, transport: str) -> None:
    other = board.add_user(f'other-{transport}@example.com')
    async with listening(board.url, expiring(token, 3), transport=transport) as live:
        await live.next('dashboard_update')
        for bad in (other, 'no token', None):
            answer = await live.client.call('authenticate', {'token': bad})
            assert answer['code'] == 'invalid_token'
            await asyncio.sleep(1 / EVENTS_PER_SECOND)
        assert (await live.client.call('authenticate', {'token': token}))['status'] == 'success'
        heard = len(live.heard)
        await asyncio.sleep(3)
        assert not live.disconnected.is_set()
        assert await live.next('dashboard_update', after=heard)
        assert 'token_expired' not in [error.get('code') for error in live.of('error')]


@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_too_many_events_are_refused_and_others_do_not_notice(board: Board, token: str, transport: str) -> None:
    before = await refused(board, 'event_rate')
    calm_token = board.add_user(f'calm-{transport}@example.com')
    async with listening(board.url, calm_token) as calm, listening(board.url, token, transport=transport) as live:
        await live.next('dashboard_update')
        for _ in range(2 * EVENTS_PER_SECOND + 5):
            await live.client.emit('request_dashboard_data', {})
        error = await live.next('error')
        assert (error['code'], error['retry_after'] > 0) == ('rate_limited', True)
        assert len(live.of('error')) == 1, 'one answer for a row of them'
        assert await refused(board, 'event_rate') > before
        for _ in range(120):
            await live.client.emit('request_dashboard_data', {})
        async with asyncio.timeout(60):
            await live.disconnected.wait()
        assert await calm.next('dashboard_update', after=len(calm.heard))


@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_a_user_has_so_many_connections_and_room_again_when_one_leaves(
    board: Board, token: str, transport: str
) -> None:
    async with AsyncExitStack() as open_ones:
        for _ in range(PER_USER):
            mine = await open_ones.enter_async_context(listening(board.url, token, transport=transport))
            await mine.next('dashboard_update')
        async with listening(board.url, token, transport=transport) as surplus:
            answer = await surplus.next('connected')
            assert (answer['status'], answer['code']) == ('error', 'rate_limited')
            assert answer['retry_after'] > 0
            async with asyncio.timeout(30):
                await surplus.disconnected.wait()
            assert surplus.of('dashboard_update') == []
    async with asyncio.timeout(60):
        while True:
            async with listening(board.url, token, transport=transport) as again:
                if (await again.next('connected'))['status'] == 'success':
                    break


async def test_an_address_has_so_many_connections(board: Board) -> None:
    await until_figure(board, 'connections', 0)
    async with AsyncExitStack() as open_ones:
        for _ in range(PER_ADDRESS):
            await open_ones.enter_async_context(raw_engine(board.url, 'websocket'))
        with pytest.raises(InvalidStatus) as failed:
            await open_ones.enter_async_context(raw_engine(board.url, 'websocket'))
        assert failed.value.response.status_code == 429
        assert int(failed.value.response.headers['Retry-After']) > 0
        async with httpx.AsyncClient(base_url=board.url) as rest:
            claimed = {'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9', 'Forwarded': 'for=203.0.113.9'}
            answer = await rest.get('/socket.io/?EIO=4&transport=polling', headers=claimed)
        assert (answer.status_code, answer.json()['error']['code']) == (429, 'rate_limited')
        assert await refused(board, 'too_many_connections_of_address') == 2
    await until_figure(board, 'connections', 0)


TOTAL, UNAUTHENTICATED = 4, 2


async def test_all_together_have_so_many_connections_and_fewer_that_have_not_signed_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    narrow = {'MAX_CONNECTIONS': str(TOTAL), 'MAX_CONNECTIONS_UNAUTHENTICATED': str(UNAUTHENTICATED)}
    with watched_board(tmp_path_factory.mktemp('narrow'), **narrow) as board:
        token = board.add_user('alice@example.com')
        async with AsyncExitStack() as open_ones:

            async def opened(transport: str) -> RawEngine:
                return await open_ones.enter_async_context(raw_engine(board.url, transport))

            async def surplus() -> tuple[int, str]:
                async with httpx.AsyncClient(base_url=board.url) as rest:
                    answer = await rest.get('/socket.io/?EIO=4&transport=polling')
                return answer.status_code, answer.json()['error']['code']

            for _ in range(TOTAL // UNAUTHENTICATED):
                strangers = [await opened(transport) for transport in TRANSPORTS]
                assert await surplus() == (429, 'rate_limited')
                for stranger in strangers:
                    await stranger.send(connect_packet(token))
                    await stranger.next('dashboard_update')
            assert await surplus() == (429, 'rate_limited')
            assert await refused(board, 'too_many_unauthenticated') == 1
            assert await refused(board, 'too_many_connections') == 2
        await until_figure(board, 'connections', 0)
        async with raw_engine(board.url, 'websocket'):
            pass


@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_a_message_larger_than_the_setting_ends_the_connection(board: Board, transport: str) -> None:
    async with leaving_nothing(board), raw_engine(board.url, transport) as engine:
        await engine.send('4' + 'y' * 4096)
        await engine.until_closed()


async def test_a_bomb_of_compressed_nothing_ends_the_connection_and_takes_no_memory(board: Board) -> None:
    address = board.url.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket'
    memory = await figure(board, 'process_resident_memory_bytes')
    async with leaving_nothing(board):
        async with connect(address, compression='deflate') as socket:
            await socket.recv()
            await socket.send('4' * 16 * 1024 * 1024)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert await figure(board, 'process_resident_memory_bytes') - memory < 20 * 1024 * 1024


async def test_metrics_are_for_who_has_the_token(board: Board) -> None:
    async with httpx.AsyncClient(base_url=board.url) as rest:
        for headers in ({}, {'Authorization': 'Bearer wrong'}, {'Authorization': f'Basic {METRICS_TOKEN}'}):
            assert (await rest.get('/metrics', headers=headers)).status_code == 401
        assert (await rest.get(f'/metrics?token={METRICS_TOKEN}')).status_code == 401
    assert await figure(board, 'loop_lag_seconds{quantile="0.5"}') >= 0


@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_an_event_that_there_is_not_is_told_so(board: Board, token: str, transport: str) -> None:
    async with listening(board.url, token, transport=transport) as live:
        await live.client.emit('dance', {'now': True})
        error: Any = await live.next('error')
        assert (error['code'], error['field']) == ('invalid_request', 'event')
        assert isinstance(live, Listener)
