"""``LiveClient`` against real servers, through a network that may be bad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from services.live_client import ConnectionStatus, Disconnected, LiveError
from services.live_links import LiveLinks
from tests.accounts import PASSWORD
from tests.board import Board
from tests.contract.conftest import Person
from tests.faults.follower import Follower, until
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.parametrize('board', ['sqlite'], indirect=True)  # the database has no part in it

SECRET_LOOKING = 'not.a.token'
S = ConnectionStatus


def store(board: Board, person: Person, *scores: float) -> None:
    rows = [{'customer_id': f'c{number}', 'churn_score': score} for number, score in enumerate(scores)]
    with board.rest(person.token) as rest:
        assert rest.post('/api/predictions', json=rows).status_code == 200


@pytest.fixture
async def followers(board: Board) -> AsyncIterator[Callable[..., Follower]]:
    made: list[Follower] = []

    def follow(url: str = board.url, **options: Any) -> Follower:
        made.append(Follower(url, **options))
        return made[-1]

    yield follow
    for follower in made:
        await follower.client.disconnect()
    left = [task.get_name() for task in asyncio.all_tasks() if 'live' in task.get_name()]
    assert left == []


Follow = Callable[..., Follower]


@pytest.fixture
async def proxy(board: Board) -> AsyncIterator[Proxy]:
    async with Proxy(board.port) as proxy:
        yield proxy


@pytest.mark.parametrize('updates', ['full', 'changes'])
async def test_it_follows_the_board(board: Board, alice: Person, followers: Follow, updates: str) -> None:
    follower = followers(updates=updates)
    assert await follower.client.connect(alice.token) is True
    await follower.until_total(0)
    for number in (1, 2, 3):
        store(board, alice, 0.9)
        await follower.until_total(number)
    await until(lambda: len(follower.predictions) == 3)
    assert follower.client.board
    with board.rest(alice.token) as rest:
        now = rest.get('/api/live-data').json()['data']
    assert {**follower.client.board, 'timestamp': 0} == {**now, 'timestamp': 0}
    await follower.client.disconnect()
    assert follower.statuses == [S.CONNECTING, S.CONNECTED, S.DISCONNECTED]
    assert follower.errors == []


async def test_actions_and_requests_are_answered_and_refusals_raised(
    board: Board, alice: Person, followers: Follow
) -> None:
    store(board, alice, 0.9, 0.1)
    follower = followers()
    await follower.client.connect(alice.token)
    assert await follower.client.send_user_action('filter', {'risk': ['high']}) == {'name': 'filter', 'status': 'ok'}
    await follower.until_total(1)
    with pytest.raises(LiveError) as refused:
        await follower.client.send_user_action('filter', {'risk': ['huge']})
    assert (refused.value.code, refused.value.field) == ('invalid_request', 'risk')
    before = len(follower.updates)
    await follower.client.request_dashboard_data()
    await until(lambda: len(follower.updates) > before)


async def test_after_a_gap_it_asks_for_the_whole_board(board: Board, alice: Person, followers: Follow) -> None:
    store(board, alice, 0.9)
    follower = followers(updates='changes')
    await follower.client.connect(alice.token)
    await follower.until_total(1)
    link = follower.client._link
    assert link
    epoch, seq = link.feed.board.last or ('', 0)
    late = {'epoch': epoch, 'seq': seq + 2, 'timestamp': 'now', 'metrics': {'total_predictions': 5}}
    link.feed.board.data = {'metrics': {'total_predictions': 4}}  # what was missed cannot be known
    link._hear('dashboard_changes', late)
    await follower.until_total(1)
    with board.rest(alice.token) as rest:
        now = rest.get('/api/live-data').json()['data']
    assert {**(follower.client.board or {}), 'timestamp': 0} == {**now, 'timestamp': 0}


async def test_without_a_connection_nothing_can_be_asked(alice: Person, followers: Follow) -> None:
    client = followers().client
    with pytest.raises(Disconnected):
        await client.send_user_action('refresh')
    with pytest.raises(Disconnected):
        await client.request_dashboard_data()


async def test_a_token_that_is_refused_ends_it(followers: Follow) -> None:
    follower = followers()
    assert await follower.client.connect(SECRET_LOOKING) is False
    assert follower.client.connection_status is S.ERROR
    with pytest.raises(LiveError) as told:
        async for _ in follower.client:
            pass
    assert told.value.code == 'invalid_token'
    await until(lambda: follower.errors)
    assert [error.code for error in follower.errors] == ['invalid_token']


async def test_after_an_error_it_connects_anew(alice: Person, followers: Follow) -> None:
    follower = followers()
    await follower.client.connect(SECRET_LOOKING)
    assert await follower.client.connect(alice.token) is True


async def test_a_lost_connection_comes_back_with_the_filter_it_had(
    board: Board, alice: Person, followers: Follow, proxy: Proxy
) -> None:
    store(board, alice, 0.9, 0.1)
    follower = followers(proxy.url)
    await follower.client.connect(alice.token)
    await follower.client.send_user_action('filter', {'risk': ['high']})
    await follower.until_total(1)
    count = len(follower.updates)
    proxy.reset()
    await follower.until_status(S.RECONNECTING)
    store(board, alice, 0.8)
    await follower.until_status(S.CONNECTED)
    await follower.until_total(2)
    assert {board['metrics']['total_predictions'] for board in follower.updates[count:]} <= {1, 2}, 'never all of it'


async def test_polling_serves_while_no_connection_can_be_made(
    board: Board, alice: Person, followers: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a proxy lets nothing of Socket.IO through."""
    store(board, alice, 0.9, 0.1)
    follower = followers()
    await follower.client.connect(alice.token)
    await follower.client.send_user_action('filter', {'risk': ['high']})

    async def blocked(*_: Any, **__: Any) -> None:
        raise Disconnected

    with monkeypatch.context() as blocking:
        blocking.setattr('services.live_channel.LiveChannel.open', blocked)
        assert follower.client._link
        await follower.client._link._connected().close()
        await follower.until_status(S.POLLING)
        store(board, alice, 0.8)
        await follower.until_total(2)
    await follower.until_status(S.CONNECTED)
    assert follower.statuses[2:] == [S.RECONNECTING, S.POLLING, S.CONNECTED]


async def test_a_silent_network_is_noticed_and_what_was_missed_is_caught_up_with(
    board: Board, alice: Person, followers: Follow, proxy: Proxy
) -> None:
    follower = followers(proxy.url)
    await follower.client.connect(alice.token)
    await follower.until_total(0)
    proxy.silence()
    await follower.until_status(S.RECONNECTING)
    store(board, alice, 0.8)
    await proxy.heal()
    await follower.until_status(S.CONNECTED)
    await follower.until_total(1)


async def test_a_server_that_cannot_be_reached_is_tried_until_it_can(
    alice: Person, followers: Follow, proxy: Proxy
) -> None:
    await proxy.cut()
    follower = followers(proxy.url)
    assert await follower.client.connect(alice.token) is False
    await follower.until_status(S.RECONNECTING)
    await proxy.heal()
    await follower.until_status(S.CONNECTED)
    assert S.POLLING not in follower.statuses, 'nothing was to be had by REST either'


async def test_a_token_is_renewed_before_it_ends_and_the_connection_stays(
    board: Board, followers: Follow, proxy: Proxy
) -> None:
    email = 'renewing@example.com'
    tokens = [board.add_user(email, seconds=61)]

    async def renew() -> str:
        async with httpx.AsyncClient(base_url=board.url) as rest:
            answer = await rest.post('/api/auth/token', data={'username': email, 'password': PASSWORD})
        tokens.append(answer.json()['access_token'])
        return tokens[-1]

    follower = followers(proxy.url, renew=renew)
    await follower.client.connect(tokens[0])
    await until(lambda: len(tokens) == 2)
    assert [alert['id'] for alert in follower.alerts] == ['token-expiring']
    link = follower.client._link
    assert link
    await until(lambda: link.token.value == tokens[1])
    assert proxy.accepted == 1


async def test_a_token_that_has_ended_is_renewed_at_once(board: Board, followers: Follow) -> None:
    good = board.add_user('late@example.com')
    asked = []

    async def renew() -> str:
        asked.append(1)
        return good

    follower = followers(renew=renew)
    assert await follower.client.connect(SECRET_LOOKING) is True
    assert len(asked) == 1
    assert follower.errors == []


async def test_a_renewal_that_fails_is_tried_again(
    board: Board, followers: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    good = board.add_user('stumbling@example.com')
    asked = []

    async def renew() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise OSError('the sign-in service is away')
        return good

    follower = followers(renew=renew)
    assert await follower.client.connect(SECRET_LOOKING) is False
    await follower.until_status(S.CONNECTED)
    assert [error.code for error in follower.errors] == ['unavailable']
    assert 'A new token could not be got' in caplog.text


async def test_a_renewed_token_that_is_refused_too_ends_it(followers: Follow) -> None:
    async def renew() -> str:
        return 'another.bad.token'

    follower = followers(renew=renew)
    assert await follower.client.connect(SECRET_LOOKING) is False
    assert follower.client.connection_status is S.ERROR


async def test_clients_of_one_user_share_a_connection_and_it_ends_with_the_last(
    board: Board, alice: Person, bob: Person, followers: Follow, proxy: Proxy
) -> None:
    links = LiveLinks()
    one, two, other = (followers(proxy.url, links=links) for _ in range(3))
    store(board, bob, 0.3)
    assert [await one.client.connect(alice.token), await two.client.connect(alice.token)] == [True, True]
    assert proxy.accepted == 1
    assert await other.client.connect(bob.token) is True
    assert proxy.accepted == 2
    store(board, alice, 0.9, 0.8)
    await asyncio.gather(one.until_total(2), two.until_total(2), other.until_total(1))
    await one.client.disconnect()
    store(board, alice, 0.7)
    await two.until_total(3)
    assert one.total == 2
    assert proxy.accepted == 2


async def test_one_who_only_says_whose_it_is_does_not_share(alice: Person, followers: Follow) -> None:
    links = LiveLinks()
    one, forger = followers(links=links), followers(links=links)
    await one.client.connect(alice.token)
    head, payload, _ = alice.token.split('.')
    assert await forger.client.connect(f'{head}.{payload}.{"A" * 43}') is False
    assert forger.client.connection_status is S.ERROR
    assert forger.updates == []
    assert one.client.connection_status is S.CONNECTED


async def test_it_is_iterated_over(board: Board, alice: Person, followers: Follow) -> None:
    client = followers(updates='changes').client
    await client.connect(alice.token)
    totals = []
    async with client:
        async for shown in client:
            totals.append(shown['metrics']['total_predictions'])
            if totals[-1] == 2:
                break
            store(board, alice, 0.9)
    assert totals == sorted(totals)
    assert client.connection_status is S.DISCONNECTED
    assert [one async for one in client] == []


async def test_a_slow_reader_gets_the_latest_board_and_every_prediction(
    board: Board, alice: Person, followers: Follow
) -> None:
    follower = followers()
    gate, shown = asyncio.Event(), []

    async def slow(data: dict[str, Any]) -> None:
        shown.append(data['metrics']['total_predictions'])
        await gate.wait()

    follower.client.set_callbacks(on_update=slow, on_prediction=follower.predictions.append)
    await follower.client.connect(alice.token)
    await until(lambda: shown)
    for number in range(3):
        store(board, alice, number / 10)
        await follower.until_total(number + 1)
    gate.set()
    await until(lambda: shown[-1] == 3)
    assert shown == [0, 3]
    await until(lambda: len(follower.predictions) == 3)


async def test_a_callback_that_fails_ends_nothing(
    alice: Person, followers: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    follower = followers()

    def fail(_: object) -> None:
        raise ValueError('a mistake in the program')

    follower.client.set_callbacks(on_status=fail, on_update=follower.updates.append)
    await follower.client.connect(alice.token)
    await until(lambda: len(follower.updates) >= 2)
    assert 'The callback for status failed' in caplog.text


async def test_it_may_be_disconnected_by_its_own_callback(alice: Person, followers: Follow) -> None:
    follower = followers()
    done = asyncio.Event()

    async def leave(_: object) -> None:
        await follower.client.disconnect()
        done.set()

    follower.client.set_callbacks(on_update=leave)
    await follower.client.connect(alice.token)
    async with asyncio.timeout(60):
        await done.wait()
    assert follower.client.connection_status is S.DISCONNECTED


async def test_no_secret_is_logged(
    alice: Person, followers: Follow, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level('DEBUG')
    follower = followers(proxy.url)
    await follower.client.connect(alice.token)
    proxy.reset()
    await follower.until_status(S.RECONNECTING)
    await follower.until_status(S.CONNECTED)
    assert alice.token.split('.')[2] not in caplog.text
