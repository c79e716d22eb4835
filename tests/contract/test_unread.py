"""Clients that read nothing and say that they are there: they hold a little, for a while, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.board import Board
from tests.contract.live import listening
from tests.contract.raw_engine import TRANSPORTS, event_packet
from tests.contract.unread import UnreadingClient, unreading
from tests.contract.watched import HELD_SECONDS, METRICS_TOKEN, dropped, figure, leaving_nothing, refused, until_figures

# how the system ends what it cannot send has no part in this: whoever reads a byte now and then is not ended by it
IMPATIENT = """
import sys
from app import server
from services import broadcasts
broadcasts.BEHIND_SECONDS = 1.0
server.DEAD_PEER_MS = 3_600_000
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""
SETTINGS = {'REFRESH_SECONDS': '0.5', 'EVENTS_PER_SECOND': '100000', 'METRICS_TOKEN': METRICS_TOKEN}

PONG = '3'
ASK = event_packet('request_dashboard_data', {})
BAD = f'421["user_action",{{"action":"refresh","{"🙈" * 100}":1}}]'
"""Answered by an error and an acknowledgement that name the key, a kilobyte in all."""

SLOWLY = 0.02
"""Between two questions of 20 kB: so that a beat comes before more waits than anybody may leave unread."""

MEGABYTE = 1024 * 1024
ALLOWED = 2 * MEGABYTE
CLIENTS = 4

by_either_transport = pytest.mark.parametrize('transport', TRANSPORTS)


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    board = Board(tmp_path_factory.mktemp('unread'), SETTINGS, program=('-c', IMPATIENT))
    board.start()
    yield board
    assert board.stop() == 0, board.log
    assert 'Traceback' not in board.log, board.log


@pytest.fixture(scope='module')
def token(board: Board) -> str:
    """Of one whose board takes 20 kB to tell."""
    token = board.add_user('mallory@example.com')
    reasons = ['+' + 'Logins down ' * 15] * 5
    rows = [{'customer_id': f'c{number}', 'churn_score': 0.9, 'reasons': reasons} for number in range(20)]
    with board.rest(token) as rest:
        assert rest.post('/api/predictions', json=rows).status_code == 200
    return token


@pytest.fixture(scope='module')
def calm(board: Board) -> str:
    return board.add_user('alice@example.com')


@asynccontextmanager
async def nobody_else_notices(board: Board, calm: str, *, most: float = HELD_SECONDS) -> AsyncIterator[None]:
    before = await refused(board, 'event_rate')
    async with leaving_nothing(board, most=most), listening(board.url, calm, transport='websocket') as other:
        await other.next('dashboard_update')
        yield
        heard = len(other.heard)
        await other.next('dashboard_update', after=heard)
        seqs = [update['seq'] for update in other.of('dashboard_update')]
        assert seqs == list(range(1, len(seqs) + 1))
    assert await refused(board, 'event_rate') == before, 'what ends a connection here is not how much it sends'


async def until_gone(client: UnreadingClient) -> None:
    async with asyncio.timeout(60):
        while not client.gone:
            await client.send(PONG)
            await asyncio.sleep(0.05)


async def send_until_gone(board: Board, token: str, transport: str, packet: str, *, times: int, **auth: str) -> None:
    async with unreading(board, token, transport, **auth) as client:
        for _ in range(times // 20):
            await client.send(PONG, *[packet] * 20)
        await until_gone(client)


@by_either_transport
async def test_who_lets_more_wait_than_two_megabytes_is_cut_off_and_its_memory_is_back(
    board: Board, token: str, calm: str, transport: str
) -> None:
    async with nobody_else_notices(board, calm, most=1.0):
        before, connections = [await figure(board, name) for name in ('process_resident_memory_bytes', 'connections')]
        most, afterwards = before, []
        for _ in range(4):
            at_once = asyncio.gather(
                *(send_until_gone(board, token, transport, ASK, times=2_000) for _ in range(CLIENTS))
            )
            while not at_once.done():
                most = max(most, await figure(board, 'process_resident_memory_bytes'))
            await at_once
            await until_figures(board, {'connections': connections})  # what they held is freed as they go
            afterwards.append(await figure(board, 'process_resident_memory_bytes'))
        assert most - before < CLIENTS * ALLOWED + 20 * MEGABYTE, 'the answers are 40 megabytes for each'
        # the first ones make the room; what they hold is used again by the next ones: else it would be twice as much
        assert afterwards[-1] - afterwards[1] < CLIENTS * ALLOWED, afterwards


@by_either_transport
async def test_answers_to_what_was_wrong_count_too_though_nothing_is_new(
    board: Board, token: str, calm: str, transport: str
) -> None:
    async with nobody_else_notices(board, calm, most=1.0):
        await send_until_gone(board, token, transport, BAD, times=10_000, updates='changes')


@by_either_transport
async def test_who_lets_less_wait_is_left_out_of_updates_and_closed_after_its_time(
    board: Board, token: str, calm: str, transport: str
) -> None:
    left_out, closed = 'update_not_read', 'slow_reader'
    async with nobody_else_notices(board, calm):
        before = {reason: await dropped(board, reason) for reason in (left_out, closed)}
        async with unreading(board, token, transport) as client:
            while await dropped(board, left_out) == before[left_out]:
                assert not client.gone
                await client.send(ASK)
                await asyncio.sleep(SLOWLY)
            await until_gone(client)
        assert await dropped(board, closed) == before[closed] + 1
        assert board.log.count('it does not read') == await dropped(board, closed)


async def test_a_flood_of_the_smallest_frames_does_not_hold_the_others(board: Board, token: str, calm: str) -> None:
    """Nothing limits signs of life; of these there are 37,000 in what asyncio takes from a client at a time."""
    async with nobody_else_notices(board, calm), unreading(board, token, 'websocket') as client:
        for _ in range(12):
            await client.send(*[PONG] * 37_000)
        assert not client.gone
