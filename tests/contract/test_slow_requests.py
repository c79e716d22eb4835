"""Connections that keep the server waiting, against a server whose patience is short, and one as it is shipped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.board import Board
from tests.contract.live import listening
from tests.contract.watched import METRICS_TOKEN, refused, watched_board

PER_ADDRESS = 20
IMPATIENT = """
import functools, sys
from app import factory
factory.RequestLimits = functools.partial(
    factory.RequestLimits, head_seconds=0.5, body_seconds=1.0, sweep_seconds=0.05
)
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""
HALF = b'GET /api/live-data HTTP/1.1\r\nHost: bo'
UPLOAD = (
    b'POST /api/uploads?name=x.csv HTTP/1.1\r\nHost: board\r\nAuthorization: Bearer %b\r\nContent-Length: 100\r\n\r\n'
)


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    settings = {'METRICS_TOKEN': METRICS_TOKEN, 'MAX_CONNECTIONS_PER_ADDRESS': str(PER_ADDRESS)}
    board = Board(tmp_path_factory.mktemp('slow'), settings, program=('-c', IMPATIENT))
    board.start()
    yield board
    assert board.stop() == 0, board.log
    assert 'Traceback' not in board.log, board.log


@asynccontextmanager
async def saying(board: Board, said: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection('127.0.0.1', board.port)
    writer.write(said)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def is_closed(reader: asyncio.StreamReader, *, seconds: float = 5) -> bool:
    async with asyncio.timeout(seconds):
        try:
            return await reader.read() == b''
        except ConnectionResetError:  # what was sent had not been read
            return True


async def test_half_a_head_is_hung_up_on_and_live_connections_are_not(board: Board) -> None:
    token = board.add_user('alice@example.com')
    before = await refused(board, 'slow_request')
    async with listening(board.url, token, transport='websocket') as live, AsyncExitStack() as open_ones:
        await live.next('dashboard_update')
        slow = [await open_ones.enter_async_context(saying(board, HALF)) for _ in range(5)]
        assert all([await is_closed(reader) for reader, _ in slow])
        heard = len(live.heard)
        await live.client.emit('request_dashboard_data', {})
        await live.next('dashboard_update', after=heard)
    assert await refused(board, 'slow_request') == before + 5


async def test_a_file_that_dribbles_in_is_refused_and_nothing_of_it_is_left(board: Board) -> None:
    token = board.add_user('bob@example.com')
    async with saying(board, UPLOAD % token.encode()) as (reader, writer), asyncio.timeout(30):
        writer.write(b'customer_id,churn')
        assert (await reader.readuntil(b'\r\n')).split()[1] == b'408'
    uploads = Path(board.folder / 'data' / 'uploads')
    async with asyncio.timeout(30):
        while any(path.is_file() for path in uploads.rglob('*')):  # noqa: ASYNC110 -- nothing tells it
            await asyncio.sleep(0.01)
    with board.rest(token) as rest:
        assert rest.get('/api/uploads').json()['data'] == []


async def test_an_address_has_no_more_connections_that_say_nothing_than_the_setting_allows(board: Board) -> None:
    before = await refused(board, 'too_many_silent_of_address')
    async with AsyncExitStack() as open_ones:
        peers = [await open_ones.enter_async_context(saying(board, HALF)) for _ in range(PER_ADDRESS + 1)]
        assert all([await is_closed(reader) for reader, _ in peers])
    assert await refused(board, 'too_many_silent_of_address') == before + 1


@pytest.mark.long
async def test_a_server_as_it_is_shipped_ends_what_dribbles_within_thirty_seconds(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with watched_board(tmp_path_factory.mktemp('shipped'), MAX_CONNECTIONS_PER_ADDRESS='600') as board:
        token = board.add_user('alice@example.com')
        began = time.monotonic()
        async with AsyncExitStack() as open_ones:
            halves = [await open_ones.enter_async_context(saying(board, HALF)) for _ in range(500)]
            body, dribble = await open_ones.enter_async_context(saying(board, UPLOAD % token.encode()))
            assert all([await is_closed(reader, seconds=30) for reader, _ in halves])
            assert 9 < time.monotonic() - began < 15
            answer = asyncio.create_task(body.readuntil(b'\r\n'))
            while not answer.done():
                dribble.write(b'x')
                await asyncio.wait({answer}, timeout=10)
            assert b'408' in answer.result()
            assert 20 < time.monotonic() - began < 30
