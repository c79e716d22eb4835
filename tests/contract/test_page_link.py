"""The link of a board on which nothing changes: a frame a beat, and nothing to acknowledge."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from tests.board import Board
from tests.contract.page_browser import linked, signed_in
from tests.contract.watched import watched_board

EMAIL = 'paula@example.com'
BEAT = 0.5


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with watched_board(tmp_path_factory.mktemp('links'), REFRESH_SECONDS=str(BEAT)) as board:
        yield board


@pytest.fixture(scope='module')
def rest(board: Board) -> Iterator[httpx.Client]:
    with board.rest(board.add_user(EMAIL)) as rest:
        score(rest, 'c1', 0.9)
        yield rest


def score(rest: httpx.Client, customer: str, score: float) -> None:
    rest.post('/api/predictions', json=[{'customer_id': customer, 'churn_score': score}]).raise_for_status()


async def frames(socket: ClientConnection, *, until: str, number: int) -> list[str]:
    """What comes until so many frames begin so; pings are answered and left out."""
    heard: list[str] = []
    async with asyncio.timeout(30):
        while sum(frame.startswith(until) for frame in heard) < number:
            frame = str(await socket.recv())
            if frame == '2':
                await socket.send('3')
            else:
                heard.append(frame)
    return heard


@pytest.mark.usefixtures('rest')
async def test_while_nothing_changes_each_beat_is_one_frame_that_tells_the_time(board: Board) -> None:
    async with signed_in(board, EMAIL) as browser, browser.socket() as socket:
        await linked(socket)
        await frames(socket, until='42["as_of"', number=1)
        beats = await frames(socket, until='42["as_of"', number=5)
        assert len(beats) == 5
        times = [datetime.fromisoformat(json.loads(beat[2:])[1]) for beat in beats]
        assert all(earlier < later for earlier, later in itertools.pairwise(times))
        assert abs((datetime.now(UTC) - times[-1]).total_seconds()) < 30


async def test_what_changed_comes_with_its_time_and_then_the_beats_go_on(board: Board, rest: httpx.Client) -> None:
    async with signed_in(board, EMAIL) as browser, browser.socket() as socket:
        await linked(socket)
        await frames(socket, until='42["as_of"', number=1)
        score(rest, 'c2', 0.1)
        changed = (await frames(socket, until='42["update"', number=1))[-1]
        assert '"data-as-of"' in changed
        await frames(socket, until='42["as_of"', number=2)


@pytest.mark.parametrize('acknowledged', [True, False])
async def test_what_a_page_has_acknowledged_is_kept_no_longer(
    board: Board, rest: httpx.Client, acknowledged: bool
) -> None:
    """A page that asks for it again has to begin anew; what it has not acknowledged it gets again."""
    async with signed_in(board, EMAIL) as browser:
        async with browser.socket() as socket:
            await linked(socket)
            score(rest, 'c3', 0.2 if acknowledged else 0.3)
            changed = (await frames(socket, until='42["update"', number=1))[-1]
            number = int(json.loads(changed[2:])[1]['_id'])
            if acknowledged:
                ack = {'client_id': browser.client_id, 'next_message_id': number + 1}
                await socket.send(f'42{json.dumps(["ack", ack])}')
                await frames(socket, until='42["as_of"', number=2)
        async with browser.socket(next_message_id=number) as socket:
            await linked(socket)
            awaited = '42["run_javascript"' if acknowledged else '42["update"'
            again = (await frames(socket, until=awaited, number=1))[-1]
    assert ('location.reload' in again) is acknowledged
    if not acknowledged:
        assert json.loads(again[2:])[1]['_id'] == number
