"""Whole stories with real processes and real clients: what users rely on, under whatever happens."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from services.live_client import ConnectionStatus
from services.live_timing import LiveTiming
from tests.accounts import PASSWORD
from tests.board import Board
from tests.contract.live import listening
from tests.faults.follower import until
from tests.faults.proxy import Proxy
from tests.faults.scene import Scene, authorization, scene

S = ConnectionStatus
AS_SHIPPED = LiveTiming()
METRICS_TOKEN = 'metrics-token-of-the-tests'
LOAD = 60
"""Clients of the scenario of high load, each a user of its own."""


@pytest.fixture(scope='module', params=['sqlite', 'postgresql'])
def board(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    folder = tmp_path_factory.mktemp(f'scenarios-{request.param}')
    settings = {'REFRESH_SECONDS': '1', 'METRICS_TOKEN': METRICS_TOKEN}
    board = Board(folder, settings)
    if request.param == 'postgresql':
        server: str = request.getfixturevalue('postgresql')
        request.getfixturevalue('migrated')
        settings['DATABASE_URL'] = server.format('postgres')
        assert board.command('db', 'upgrade').returncode == 0
    board.start()
    yield board
    assert board.stop() == 0, board.log
    assert 'Traceback' not in board.log, board.log


@pytest.fixture
async def stage(board: Board) -> AsyncIterator[Scene]:
    async with scene(board) as made:
        yield made
        made.check()


_numbers = itertools.count(1)


@pytest.fixture
def names() -> Callable[..., list[str]]:
    number = next(_numbers)
    return lambda *names: [f'{name}{number}' for name in names]


Names = Callable[..., list[str]]


def only(database: str) -> pytest.MarkDecorator:
    """Of a story in which the kind of database has no part."""
    return pytest.mark.parametrize('board', [database], indirect=True)


@only('postgresql')
async def test_normal_operation(stage: Scene, names: Names) -> None:
    """Two tenants on every channel, both writing: each sees its own, all of it, once and in order."""
    alice, bob = actors = stage.actors(*names('alice', 'bob'))
    for actor in actors:
        for updates in ('full', 'changes'):
            await stage.follow(actor, updates=updates)
            for transport in ('websocket', 'polling'):
                await stage.listen(actor, transport=transport, updates=updates)
    for rows in (1, 2, 1, 3, 1):
        await asyncio.gather(stage.write(alice, rows), stage.write(bob, rows + 1))
    await stage.converge()
    assert [(await stage.numbers(actor))['metrics']['total_predictions'] for actor in actors] == [8, 13]
    for actor, listener in stage.listeners:
        announced = [item['id'] for item in listener.of('new_prediction')]
        assert len(announced) == len(set(announced))
        left_out = sum(item.get('more', 0) for item in listener.of('new_prediction'))
        assert len(announced) + left_out == actor.acknowledged
    last = [data for event, data in stage.listeners[0][1].heard if event == 'dashboard_update'][-1]
    tag = (await stage.rest.get('/api/live-data', headers=authorization(alice))).headers['ETag']
    unchanged = await stage.rest.get('/api/live-data', headers={**authorization(alice), 'If-None-Match': tag})
    assert (unchanged.status_code, last['metrics']['total_predictions']) == (304, 8)


@only('sqlite')
@pytest.mark.parametrize('fault', ['cut', 'silence'])
async def test_network_interruption(stage: Scene, names: Names, fault: str) -> None:
    """What was written meanwhile is there within seconds of the healing, and nobody took old numbers for live ones."""
    (alice,) = stage.actors(*names('alice'))
    async with Proxy(stage.board.port) as proxy:
        followers = [await stage.follow(alice, proxy.url, updates=updates) for updates in ('full', 'changes')]
        await stage.write(alice)
        await stage.converge()
        await (proxy.cut() if fault == 'cut' else asyncio.to_thread(proxy.silence))
        for follower in followers:
            await follower.until_status(S.RECONNECTING)
        await stage.write(alice, 5)
        assert [follower.total for follower in followers] == [1, 1], 'there is no way to know yet'
        await proxy.heal()
        await stage.converge()
        for follower in followers:
            await follower.until_status(S.CONNECTED)
        await stage.write(alice)
        await stage.converge()
        for follower in followers:
            await follower.client.disconnect()


@only('sqlite')
async def test_token_expiry(stage: Scene, names: Names) -> None:
    """Nothing is served after the end, on any channel; who renews goes on without a gap."""
    actor, lasting = stage.actors(*names('ending', 'lasting'), seconds=5)
    asked: list[float] = []

    async def renew() -> str:
        asked.append(time.time())
        account = {'username': lasting.email, 'password': PASSWORD}
        async with httpx.AsyncClient(base_url=stage.board.url) as rest:
            answer = await rest.post('/api/auth/token', data=account)
        lasting.token = answer.json()['access_token']
        return lasting.token

    ends = time.time() + 5
    renewing = await stage.follow(lasting, renew=renew)
    ending = await stage.follow(actor)
    plain = [await stage.listen(actor, transport=transport) for transport in ('websocket', 'polling')]
    for listener in plain:
        async with asyncio.timeout(60):
            await listener.disconnected.wait()
        assert time.time() >= ends - 1
        assert [error['code'] for error in listener.of('error')] == ['token_expired']
        assert listener.heard[-1][0] == 'error', 'nothing comes after it'
    await ending.until_status(S.ERROR)
    await until(lambda: ending.errors[-1].code == 'invalid_token')  # when it tried to come back
    assert (await stage.rest.get('/api/live-data', headers=authorization(actor))).status_code == 401
    await until(lambda: asked)
    await stage.write(lasting)
    await renewing.until_total(1)
    assert renewing.statuses == [S.CONNECTING, S.CONNECTED], 'it never lost the connection'
    stage.followers = [(who, follower) for who, follower in stage.followers if follower is renewing]


@only('postgresql')
async def test_high_load(stage: Scene, names: Names) -> None:
    """Many users connect at once and all change at once: everybody gets their own, and nothing is left behind."""
    await until_connections(stage, 0)  # those of the stories before
    actors = stage.actors(*names(*(f'load{number}-' for number in range(LOAD))))
    at_once = asyncio.Semaphore(20)

    async def follow(number: int) -> None:
        async with at_once:
            await stage.follow(actors[number], updates='changes' if number % 2 else 'full', timing=AS_SHIPPED)

    await asyncio.gather(*map(follow, range(LOAD)))
    await until_connections(stage, LOAD)
    for rows in (1, 20, 1):
        await asyncio.gather(*(stage.write(actor, rows) for actor in actors))
    await stage.converge()
    assert {follower.total for _, follower in stage.followers} == {22}
    assert {tuple(follower.statuses) for _, follower in stage.followers} == {(S.CONNECTING, S.CONNECTED)}
    await asyncio.gather(*(follower.client.disconnect() for _, follower in stage.followers))
    await until_connections(stage, 0)


@only('sqlite')
async def test_server_restart(stage: Scene, names: Names) -> None:
    """After ``kill -9`` in the middle of writing everybody comes back alone, and what was acknowledged is there."""
    actors = stage.actors(*names(*(f'actor{number}-' for number in range(8))))
    for number, actor in enumerate(actors):
        await stage.follow(actor, updates='changes' if number % 2 else 'full', timing=AS_SHIPPED)
    listener = await stage.listen(actors[0], transport='websocket')
    writing = asyncio.create_task(keep_writing(stage))
    await until(lambda: all(actor.acknowledged for actor in actors), seconds=30)
    stage.board.kill()
    before = [actor.acknowledged for actor in actors]
    await asyncio.sleep(1)
    await asyncio.to_thread(stage.board.start)
    await until(lambda: [actor.acknowledged for actor in actors] != before, seconds=30)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await stage.converge()
    for actor, follower in stage.followers:
        assert follower.statuses == [S.CONNECTING, S.CONNECTED, S.RECONNECTING, S.CONNECTED]
        assert follower.total
        assert actor.acknowledged <= follower.total <= actor.acknowledged + actor.unknown
    again = await stage.listen(actors[0], transport='websocket')
    epochs = [(await one.next('dashboard_update'))['epoch'] for one in (listener, again)]
    assert epochs[0] != epochs[1], 'a client can tell that the server is another one'


async def keep_writing(stage: Scene) -> None:
    while True:
        await asyncio.gather(*(stage.write(actor) for actor, _ in stage.followers))
        await asyncio.sleep(0.05)


async def until_connections(stage: Scene, number: int) -> None:
    """The server has so many, by its own figures."""
    for _ in range(100):
        answer = await stage.rest.get('/metrics', headers={'Authorization': f'Bearer {METRICS_TOKEN}'})
        if f'churnboard_connections {number:.1f}' in answer.text.splitlines():
            return
        await asyncio.sleep(0.1)
    raise AssertionError([line for line in answer.text.splitlines() if line.startswith('churnboard_connections ')])


@only('sqlite')
async def test_a_scene_notices_a_message_that_went_missing(stage: Scene, names: Names) -> None:
    """So that the checks above can fail."""
    (alice,) = stage.actors(*names('alice'))
    listener = await stage.listen(alice, transport='websocket')
    await listener.next('dashboard_update')
    heard = listener.heard
    listener.heard = [(event, {**data, 'seq': 7} if event == 'dashboard_update' else data) for event, data in heard]
    with pytest.raises(AssertionError, match='a message is missing'):
        stage.check()
    listener.heard = heard


@only('sqlite')
async def test_a_scene_notices_anothers_data(stage: Scene, names: Names) -> None:
    alice, bob = stage.actors(*names('alice', 'bob'))
    await stage.write(bob)
    async with listening(stage.board.url, bob.token) as listener:
        update = await listener.next('dashboard_update')
    stage.listeners.append((alice, listener))
    assert update['recent_activity']
    with pytest.raises(AssertionError):
        stage.check()
    stage.listeners.clear()
