"""What one connection asks for is dealt with one after the other, however it is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.board import Board
from tests.contract.raw_engine import NO_CERTIFICATES, SEPARATOR, RawEngine, signed_in
from tests.contract.watched import METRICS_TOKEN, leaving_nothing, refused

COUNTING = """
import asyncio, sys
from services import actions

inside = 0

async def counted(connection, data):
    global inside
    inside += 1
    try:
        await asyncio.sleep(0.02)
        return {'inside': inside}
    finally:
        inside -= 1

actions.refresh = counted
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""
SETTINGS = {'EVENTS_PER_SECOND': '1000', 'METRICS_TOKEN': METRICS_TOKEN}


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    board = Board(tmp_path_factory.mktemp('turns'), SETTINGS, program=('-c', COUNTING))
    board.start()
    yield board
    assert board.stop() == 0, board.log
    assert 'Traceback' not in board.log, board.log


@pytest.fixture(scope='module')
def token(board: Board) -> str:
    return board.add_user('mallory@example.com')


def refresh(number: int) -> str:
    return f'42{number}["user_action",{{"action":"refresh"}}]'


@asynccontextmanager
async def posting(board: Board, engine: RawEngine) -> AsyncIterator[Callable[[str], Awaitable[int]]]:
    """Post to the connection; answers with the status."""
    url = f'{board.url}/socket.io/?EIO=4&transport=polling&sid={engine.sid}'
    unlimited = httpx.Limits()
    async with httpx.AsyncClient(timeout=60, verify=NO_CERTIFICATES, limits=unlimited) as http:

        async def post(content: str) -> int:
            return (await http.post(url, content=content)).status_code

        yield post


def acknowledged(engine: RawEngine) -> dict[int, int]:
    """How many were inside, in the order of the answers, by their numbers."""
    found = {}
    for packet in engine.heard:
        if packet.startswith('43'):
            number, _, answer = packet[2:].partition('[')
            found[int(number)] = json.loads(f'[{answer}')[0]['inside']
    return found


async def until_acknowledged(engine: RawEngine, number: int) -> dict[int, int]:
    async with asyncio.timeout(60):
        while len(found := acknowledged(engine)) < number:  # noqa: ASYNC110 -- nothing tells it
            await asyncio.sleep(0.02)
    return found


async def test_of_posts_side_by_side_one_is_dealt_with_at_a_time_and_each_as_a_whole(board: Board, token: str) -> None:
    posts = [[refresh(10 * post + packet) for packet in range(4)] for post in range(1, 13)]
    async with (
        leaving_nothing(board),
        signed_in(board.url, 'polling', token) as engine,
        posting(board, engine) as post,
    ):
        answers = await asyncio.gather(*(post(SEPARATOR.join(packets)) for packets in posts))
        assert set(answers) == {200}
        found = await until_acknowledged(engine, 48)
        assert set(found.values()) == {1}, 'several at a time'
        rows = [list(found)[start : start + 4] for start in range(0, 48, 4)]
        assert all(row == [row[0] + packet for packet in range(4)] for row in rows), rows


async def test_frames_of_a_websocket_are_dealt_with_one_at_a_time(board: Board, token: str) -> None:
    async with leaving_nothing(board), signed_in(board.url, 'websocket', token) as engine:
        await engine.send(*map(refresh, range(30)))
        found = await until_acknowledged(engine, 30)
        assert set(found.values()) == {1}
        assert list(found) == list(range(30))


async def test_very_many_posts_side_by_side_end_the_connection(board: Board, token: str) -> None:
    async with leaving_nothing(board), signed_in(board.url, 'polling', token) as engine, posting(board, engine) as post:
        answers = await asyncio.gather(*(post(refresh(number)) for number in range(200)))
        assert set(answers) == {200, 400}
        await engine.until_closed(30)
        assert set(acknowledged(engine).values()) <= {1}
    assert await refused(board, 'event_rate') == 0
