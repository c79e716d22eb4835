"""Signing in, going on and ending it by REST."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest

from services.clock import system_clock
from services.tokens import Tokens
from tests.accounts import PASSWORD, SECRET
from tests.board import Board
from tests.contract.conftest import Person, browser_of
from tests.contract.live import listening

METRICS_TOKEN = 'metrics-token-of-the-tests'
PER_ACCOUNT, PER_ADDRESS = 4, 6


@pytest.fixture
def rest(board: Board, alice: Person) -> Iterator[httpx.Client]:
    with board.rest(alice.token) as client:
        yield client


def another(person: Person, *, seconds: int = 3600) -> str:
    """A token of another sign-in, without the time a password takes."""
    claims = jwt.decode(person.token, options={'verify_signature': False})
    tokens = Tokens(SECRET, max_seconds=3600, clock=system_clock)
    return tokens.issue(int(claims['sub']), claims['tv'], seconds=seconds)


def status(board: Board, token: str) -> int:
    with board.rest(token) as rest:
        return rest.get('/api/session').status_code


def test_a_token_is_renewed_in_the_shape_of_oauth2_and_both_hold(board: Board, rest: httpx.Client) -> None:
    answer = rest.post('/api/auth/renew')
    assert list(answer.json()) == ['access_token', 'token_type', 'expires_in']
    assert (answer.headers['cache-control'], answer.json()['expires_in']) == ('no-store', 3600)
    assert status(board, answer.json()['access_token']) == 200
    assert rest.get('/api/session').status_code == 200


def test_a_page_gets_a_token_that_ends_with_its_session(board: Board, alice: Person) -> None:
    with browser_of(board, alice.email) as browser:
        token = browser.post('/api/auth/renew').json()['access_token']
        with board.rest(token) as rest:
            renewed = rest.post('/api/auth/renew').json()['access_token']
        assert status(board, renewed) == 200
        assert browser.post('/api/auth/renew', headers={'Origin': 'http://evil.example'}).status_code == 403
        assert browser.post('/logout').status_code == 303
        assert (status(board, token), status(board, renewed)) == (401, 401)


def test_a_page_stays_signed_in_by_one_press_and_its_cookie_lasts_as_long(board: Board, alice: Person) -> None:
    with browser_of(board, alice.email) as browser:
        board.end_sessions_in(alice.email, timedelta(minutes=5), signed_in=timedelta(hours=12))
        before = browser.get('/api/session').json()['data']['browser_session']
        assert 240 < before['expires_in'] <= 300
        assert before['prolongable'] is True
        cookie = browser.cookies['churnboard_session']
        answer = browser.post('/api/session')
        assert (answer.status_code, answer.headers['cache-control']) == (200, 'no-store')
        after = answer.json()['data']
        assert 43_100 < after['expires_in'] <= 43_200
        assert after['expires_at'] > before['expires_at']
        said = answer.headers['set-cookie']
        assert f'churnboard_session={cookie}; HttpOnly; Max-Age={after["expires_in"]}; Path=/; SameSite=lax' == said
        assert browser.get('/api/session').json()['data']['browser_session']['expires_in'] > 43_000
        assert browser.get('/settings').status_code == 200


def test_at_its_limit_a_session_stays_as_it_is_and_says_so(board: Board, alice: Person) -> None:
    with browser_of(board, alice.email) as browser:
        board.end_sessions_in(alice.email, timedelta(minutes=5), signed_in=timedelta(hours=168, minutes=-5))
        data = browser.post('/api/session').json()['data']
        assert data['expires_in'] <= 300
        assert data['prolongable'] is False


def test_only_a_page_of_this_server_keeps_its_session_and_no_ended_one_comes_back(board: Board, alice: Person) -> None:
    with browser_of(board, alice.email) as browser:
        end = timedelta(minutes=5)
        board.end_sessions_in(alice.email, end)
        token = browser.get('/api/session').json()['data']['access_token']
        for origin in ('http://evil.example', 'null'):
            assert browser.post('/api/session', headers={'Origin': origin}).status_code == 403, origin
        for shown in (token, alice.token):  # that of the session prolongs it as little as any other
            with board.rest(shown) as rest:
                rest.cookies = browser.cookies
                answer = rest.post('/api/session')
                assert (answer.status_code, answer.json()['error']['code']) == (403, 'forbidden')
                assert 'set-cookie' not in answer.headers
        assert browser.get('/api/session').json()['data']['browser_session']['expires_in'] <= end.total_seconds()
        board.end_sessions_in(alice.email, -timedelta(seconds=1))
        assert browser.post('/api/session').status_code == 401
        assert browser.get('/api/session').status_code == 401
    assert httpx.post(f'{board.url}/api/session').status_code == 401


@pytest.mark.parametrize('headers', [{}, {'Authorization': 'Bearer x'}], ids=str)
@pytest.mark.parametrize('path', ['renew', 'revoke'])
def test_nobody_renews_or_revokes_without_being_known(board: Board, headers: dict[str, str], path: str) -> None:
    body = {'token': 'x'} if path == 'revoke' else None
    assert httpx.post(f'{board.url}/api/auth/{path}', headers=headers, json=body).status_code == 401


def test_a_token_ends_itself_and_no_other(board: Board, alice: Person) -> None:
    first, second = another(alice), another(alice)
    with board.rest(first) as rest:
        for _ in range(2):  # what has ended stays so
            answer = rest.post('/api/auth/revoke')
            assert (answer.status_code, answer.json()) == (200, {'success': True, 'data': {}})
    assert (status(board, first), status(board, second), status(board, alice.token)) == (401, 200, 200)


def test_another_token_of_the_same_user_is_ended_and_nobody_elses(
    board: Board, alice: Person, bob: Person, rest: httpx.Client
) -> None:
    token = another(alice)
    for _ in range(2):
        assert rest.post('/api/auth/revoke', json={'token': token}).status_code == 200
    assert status(board, token) == 401
    assert rest.post('/api/auth/revoke', json={'token': 'a.b.c'}).status_code == 200
    answer = rest.post('/api/auth/revoke', json={'token': bob.token})
    assert (answer.status_code, answer.json()['error']['code']) == (403, 'forbidden')
    assert status(board, bob.token) == 200


def test_a_page_says_which_token_it_ends(board: Board, alice: Person) -> None:
    with browser_of(board, alice.email) as browser:
        answer = browser.post('/api/auth/revoke')
        assert (answer.status_code, answer.json()['error']['field']) == (400, 'token')
        assert browser.post('/api/auth/revoke', json={'token': alice.token}).status_code == 200
        assert status(board, alice.token) == 401
        evil = {'Origin': 'http://evil.example'}
        assert browser.post('/api/auth/revoke', json={'token': 'x'}, headers=evil).status_code == 403


@pytest.mark.parametrize(
    ('body', 'field'),
    [('{"token": 5}', 'token'), ('{"token": null}', 'token'), ('{"jti": "x"}', 'jti'), ('[]', None), ('{', None)],
)
def test_a_bad_request_to_revoke_is_named_and_ends_nothing(rest: httpx.Client, body: str, field: str | None) -> None:
    answer = rest.post('/api/auth/revoke', content=body)
    assert (answer.status_code, answer.json()['error'].get('field')) == (400, field)
    assert rest.get('/api/session').status_code == 200


def test_a_key_is_not_revoked_as_a_token(rest: httpx.Client) -> None:
    key = rest.post('/api/keys', json={'name': 'a key', 'scope': 'read'}).json()['data']['key']
    answer = rest.post('/api/auth/revoke', json={'token': key})
    assert (answer.status_code, answer.json()['error']['field']) == (400, 'token')
    assert 'DELETE /api/keys' in answer.json()['error']['message']


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
async def test_the_connections_of_a_revoked_token_end(board: Board, alice: Person, transport: str) -> None:
    token = another(alice)
    async with (
        listening(board.url, alice.token, transport=transport) as staying,
        listening(board.url, token, transport=transport) as live,
    ):
        await live.next('dashboard_update')
        with board.rest(token) as rest:
            url = rest.post('/api/exports', json={'format': 'csv'}).json()['data']['url']
            assert rest.post('/api/auth/revoke').status_code == 200
            assert rest.get(url).status_code == 404
        async with asyncio.timeout(30):
            await live.disconnected.wait()
        assert live.of('error')[-1]['code'] == 'invalid_token'
        heard = len(staying.heard)
        await staying.next('dashboard_update', after=heard)


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
async def test_whoever_holds_what_was_made_of_a_revoked_token_is_out(
    board: Board, alice: Person, transport: str
) -> None:
    stolen = another(alice)
    with board.rest(stolen) as rest:
        renewed = rest.post('/api/auth/renew').json()['access_token']
        copied = rest.get('/api/session').json()['data']['access_token']
    with board.rest(renewed) as rest:
        again = rest.post('/api/auth/renew').json()['access_token']
    async with (
        listening(board.url, again, transport=transport) as by_renewed,
        listening(board.url, alice.token, transport=transport) as by_shown_later,
        listening(board.url, alice.token, transport=transport) as staying,
    ):
        assert (await by_shown_later.client.call('authenticate', {'token': copied}))['status'] == 'success'
        for live in (by_renewed, staying):
            await live.next('dashboard_update')
        with board.rest(alice.token) as rest:
            assert rest.post('/api/auth/revoke', json={'token': stolen}).status_code == 200
        assert [status(board, token) for token in (stolen, renewed, copied, again)] == [401] * 4
        with board.rest(again) as rest:
            assert rest.post('/api/auth/renew').status_code == 401
        async with asyncio.timeout(30):
            for live in (by_renewed, by_shown_later):
                await live.disconnected.wait()
                assert live.of('error')[-1]['code'] == 'invalid_token'
        heard = len(staying.heard)
        await staying.next('dashboard_update', after=heard)


def test_a_token_that_has_expired_is_shown_to_end_what_was_renewed_from_it(board: Board, alice: Person) -> None:
    ends_soon = another(alice, seconds=2)
    with board.rest(ends_soon) as rest:
        renewed = rest.post('/api/auth/renew').json()['access_token']
        until = time.monotonic() + 30
        while rest.get('/api/session').status_code == 200:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert status(board, renewed) == 200
        assert rest.post('/api/auth/revoke').json() == {'success': True, 'data': {}}
    assert (status(board, renewed), status(board, alice.token)) == (401, 200)


@pytest.fixture(scope='module')
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A server with narrow limits behind a proxy: the counts are its own, and need no database."""
    settings = {
        'FAILED_SIGN_INS_PER_HOUR': str(PER_ACCOUNT),
        'FAILED_SIGN_INS_PER_ADDRESS': str(PER_ADDRESS),
        'TRUSTED_PROXIES': '127.0.0.1',
        'METRICS_TOKEN': METRICS_TOKEN,
    }
    board = Board(tmp_path_factory.mktemp('strict'), settings)
    board.start()
    yield board
    assert board.stop() == 0, board.log
    assert 'Traceback' not in board.log, board.log


def test_sessions_of_minutes_are_warned_of_in_time_and_last_as_often_as_their_limit_allows(tmp_path: Path) -> None:
    board = Board(tmp_path, {'SESSION_HOURS': '0.1', 'SESSION_MAX_HOURS': '0.25'})
    board.start()
    try:
        board.add_user('alice@example.com')
        with browser_of(board, 'alice@example.com') as browser:
            page = browser.get('/settings').text
            assert re.search(r'data-warning\W+120\D', page)
            left = re.search(r'data-left\W+(\d+)', page)
            assert left
            assert 300 < int(left[1]) <= 360
            board.end_sessions_in('alice@example.com', timedelta(minutes=1), signed_in=timedelta(minutes=5))
            assert 300 < browser.post('/api/session').json()['data']['expires_in'] <= 360
            board.end_sessions_in('alice@example.com', timedelta(minutes=1), signed_in=timedelta(minutes=12))
            last = browser.post('/api/session').json()['data']
            assert last['expires_in'] <= 180
            assert last['prolongable'] is False
    finally:
        board.stop()


def attempt(board: Board, email: str, password: str, address: str, *, page: bool = False) -> httpx.Response:
    path, name = ('/login', 'email') if page else ('/api/auth/token', 'username')
    headers = {'X-Forwarded-For': address}
    return httpx.post(board.url + path, data={name: email, 'password': password}, headers=headers, timeout=30)


def test_an_account_is_refused_after_so_many_failures_on_either_door_and_who_is_in_stays(strict: Board) -> None:
    email = 'alice@example.com'
    token = strict.add_user(email)
    for number in range(PER_ACCOUNT):
        failed = attempt(strict, email, 'a wrong password', f'192.0.2.{number}', page=number % 2 == 0)
        assert failed.status_code == 401
    refused = attempt(strict, email, PASSWORD, '192.0.2.9')
    assert (refused.status_code, refused.json()['error']['code']) == (429, 'rate_limited')
    assert 3500 < int(refused.headers['retry-after']) <= 3600
    page = attempt(strict, email, PASSWORD, '192.0.2.9', page=True)
    assert page.status_code == 429
    assert 3500 < int(page.headers['retry-after']) <= 3600
    assert 'Too many sign-ins have failed. Wait 60 minutes, then try again.' in page.text
    assert 'set-cookie' not in page.headers
    assert status(strict, token) == 200
    with strict.rest(token) as rest:
        assert rest.post('/api/auth/renew').status_code == 200
    figures = httpx.get(f'{strict.url}/metrics', headers={'Authorization': f'Bearer {METRICS_TOKEN}'}).text
    assert 'churnboard_refusals_total{reason="failed_sign_ins_of_account"} 2.0' in figures


def test_an_unknown_account_is_refused_in_the_same_words(strict: Board) -> None:
    strict.add_user('carol@example.com')
    answers = [
        [attempt(strict, email, 'a wrong password', f'{net}.{number}') for number in range(PER_ACCOUNT + 1)]
        for email, net in (('carol@example.com', '198.51.100'), ('nobody@example.com', '203.0.113'))
    ]
    known, unknown = ([(answer.status_code, said(answer)) for answer in each] for each in answers)
    assert known == unknown
    assert known[-1][0] == 429


def said(answer: httpx.Response) -> dict[str, object]:
    """All but the seconds, which pass."""
    return {key: value for key, value in answer.json()['error'].items() if key != 'retry_after'}


def test_an_address_is_refused_after_so_many_failures_and_others_are_not(strict: Board) -> None:
    strict.add_user('dave@example.com')
    for number in range(PER_ADDRESS):
        failed = attempt(strict, f'user{number}@example.com', 'a wrong password', '192.0.2.77', page=number % 2 == 0)
        assert failed.status_code == 401
    for page in (False, True):
        assert attempt(strict, 'dave@example.com', PASSWORD, '192.0.2.77', page=page).status_code == 429
    assert attempt(strict, 'dave@example.com', PASSWORD, '192.0.2.78').status_code == 200


def test_a_success_clears_the_count_of_its_account(strict: Board) -> None:
    strict.add_user('erin@example.com')
    for number in range(2):
        for _ in range(PER_ACCOUNT - 1):
            failed = attempt(strict, 'Erin@example.com', 'a wrong password', f'198.51.100.{100 + number}')
            assert failed.status_code == 401
        assert attempt(strict, 'erin@example.com', PASSWORD, '198.51.100.200').status_code == 200
