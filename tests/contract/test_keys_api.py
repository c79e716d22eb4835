"""API keys as programs use them: what each opens, on every route and over Socket.IO, and how it ends."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.factory import build
from app.routes import add_rest
from app.settings import Settings
from services import migrations, users
from services.clock import system_clock
from services.database import Database
from tests.accounts import SECRET
from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.live import listening

ROWS = [{'customer_id': 'c1', 'churn_score': 0.9}]
READ, INGEST = 'read', 'ingest'

OPENS: dict[tuple[str, str], set[str] | None] = {
    ('POST', '/api/auth/token'): None,
    ('POST', '/api/auth/renew'): set(),
    ('POST', '/api/auth/revoke'): set(),
    ('GET', '/api/session'): {READ},
    ('POST', '/api/session'): set(),
    ('GET', '/api/keys'): set(),
    ('POST', '/api/keys'): set(),
    ('DELETE', '/api/keys/{key_id}'): set(),
    ('GET', '/api/live-data'): {READ},
    ('GET', '/api/series'): {READ},
    ('GET', '/api/predictions'): {READ},
    ('POST', '/api/predictions'): {INGEST},
    ('POST', '/api/exports'): set(),
    ('GET', '/api/exports/{token}'): None,
    ('GET', '/api/exports/{export_id}/status'): {READ},
    ('GET', '/api/uploads'): {READ},
    ('POST', '/api/uploads'): {INGEST},
    ('GET', '/api/uploads/{upload_id}'): {READ, INGEST},
    ('GET', '/api/uploads/{upload_id}/errors'): {READ, INGEST},
    ('POST', '/api/uploads/{upload_id}/start'): {INGEST},
    ('DELETE', '/api/uploads/{upload_id}'): set(),
    ('GET', '/api/customers'): {READ},
    ('GET', '/api/customers/{customer_id:path}'): {READ},
    ('DELETE', '/api/customers/{customer_id:path}'): set(),
    ('PATCH', '/api/customers/{customer_id:path}'): set(),
    ('POST', '/api/customers/{customer_id:path}/notes'): set(),
    ('PATCH', '/api/notes/{note_id}'): set(),
    ('DELETE', '/api/notes/{note_id}'): set(),
    ('GET', '/api/views'): {READ},
    ('POST', '/api/views'): set(),
    ('PATCH', '/api/views/{view_id}'): set(),
    ('DELETE', '/api/views/{view_id}'): set(),
    ('GET', '/api/revenue-at-risk'): {READ},
    ('GET', '/api/openapi.json'): {READ},
    ('GET', '/api/docs'): {READ},
    ('GET', '/api/asyncapi'): {READ},
    ('GET', '/api/asyncapi.json'): {READ},
}
"""Which scopes open each route; ``None``: it asks for no identity."""


@pytest.fixture
def rest(board: Board, alice: Person) -> Iterator[httpx.Client]:
    with board.rest(alice.token) as client:
        yield client


def made(rest: httpx.Client, scope: str = READ, name: str = 'a key') -> dict[str, Any]:
    answer = rest.post('/api/keys', json={'name': name, 'scope': scope})
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()['data']
    return data


def listed(rest: httpx.Client) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = rest.get('/api/keys').json()['data']
    return keys


def test_every_route_is_in_the_matrix(tmp_path: Path) -> None:
    """A new route takes no key until somebody decides, and says so here."""
    database = Database.open(f'sqlite:///{tmp_path}/x.sqlite3')
    migrations.upgrade(database)
    web, services = FastAPI(), build(Settings(data_dir=tmp_path, secret_key=SECRET), database)
    add_rest(web, services)
    found = {
        (method, route.path)
        for route in _routes(web.routes)
        for method in route.methods
        if route.path.startswith('/api/') and route.path != '/api/{path:path}'
    }
    assert found == set(OPENS)
    services.auth.close()
    services.hub.close()
    services.exports.close()
    database.close()


def _routes(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif router := getattr(route, 'original_router', None):
            yield from _routes(router.routes)


@pytest.mark.parametrize('scope', [READ, INGEST])
def test_a_key_opens_what_its_scope_says_and_nothing_else(board: Board, rest: httpx.Client, scope: str) -> None:
    wrong = []
    with board.rest(made(rest, scope)['key']) as program:
        for (method, path), scopes in OPENS.items():
            if scopes is None:
                continue
            url = re.sub(r'\{[^}]+\}', 'x', path)
            answer = program.request(method, url, params={'name': 'x.csv'} if path == '/api/uploads' else None)
            refused = answer.status_code == 403 and answer.json()['error']['code'] == 'forbidden'
            if refused == (scope in scopes) or answer.status_code == 401 or answer.status_code >= 500:
                wrong.append((method, url, answer.status_code))
    assert wrong == []


def test_an_ingest_key_sends_predictions_and_files_and_learns_what_became_of_them(
    board: Board, rest: httpx.Client
) -> None:
    with board.rest(made(rest, INGEST)['key']) as program:
        assert program.post('/api/predictions', json=ROWS).json()['data']['accepted'] == 1
        sent = program.post('/api/uploads', params={'name': 'x.csv'}, content=b'customer_id,churn_score\nc2,0.5\n')
        assert sent.status_code == 202, sent.text
        url, until = f'/api/uploads/{sent.json()["data"]["id"]}', time.monotonic() + 20
        while program.get(url).json()['data']['state'] != 'done':
            assert time.monotonic() < until
            time.sleep(0.05)
    assert rest.get('/api/live-data').json()['data']['metrics']['total_predictions'] == 2


def test_a_read_key_gets_the_same_board_with_the_same_tag_and_no_token(board: Board, rest: httpx.Client) -> None:
    rest.post('/api/predictions', json=ROWS)
    with board.rest(made(rest)['key']) as program:
        answer = program.get('/api/live-data')
        assert answer.json()['data']['metrics'] == rest.get('/api/live-data').json()['data']['metrics']
        tag = answer.headers['etag']
        assert program.get('/api/live-data', headers={'If-None-Match': tag}).status_code == 304
        session = program.get('/api/session').json()['data']
        assert sorted(session) == ['email', 'name', 'time_zone', 'user_id']


def test_a_key_is_shown_once_and_listed_without_its_text(rest: httpx.Client) -> None:
    answer = rest.post('/api/keys', json={'name': ' nightly scores ', 'scope': INGEST})
    data = answer.json()['data']
    assert (answer.status_code, answer.headers['cache-control']) == (201, 'no-store')
    key = data.pop('key')
    assert len(key) == 47
    assert listed(rest) == [data]
    assert (data['name'], data['scope'], data['last_used_at'], data['revoked']) == (
        'nightly scores',
        'ingest',
        None,
        False,
    )
    assert key not in rest.get('/api/keys').text


@pytest.mark.parametrize(
    ('body', 'field'),
    [
        ('{"scope": "read"}', 'name'),
        ('{"name": "", "scope": "read"}', 'name'),
        ('{"name": 5, "scope": "read"}', 'name'),
        (r'{"name": "\ud800", "scope": "read"}', 'name'),
        ('{"name": "a"}', 'scope'),
        ('{"name": "a", "scope": "admin"}', 'scope'),
        ('{"name": "a", "scope": ["read"]}', 'scope'),
        (r'{"name": "a", "scope": "read", "\ud800": 1}', '\\ud800'),
        ('{"name": "a", "scope": "read", "user_id": 1}', 'user_id'),
        ('[]', None),
        ('nonsense', None),
        ('[' * 60_000, None),
    ],
)
def test_a_bad_request_for_a_key_is_named(rest: httpx.Client, body: str, field: str | None) -> None:
    answer = rest.post('/api/keys', content=body)
    assert (answer.status_code, answer.json()['error'].get('field')) == (400, field)
    assert listed(rest) == []


def test_one_key_too_many_and_a_name_that_is_taken_are_clear_errors(rest: httpx.Client) -> None:
    for number in range(50):
        made(rest, name=f'key {number}')
    for name in ('key 7', 'one more'):
        answer = rest.post('/api/keys', json={'name': name, 'scope': READ})
        assert (answer.status_code, answer.json()['error']['code']) == (400, 'invalid_request')
        assert 'evoke' in answer.json()['error']['message']
    rest.delete(f'/api/keys/{listed(rest)[0]["id"]}')
    made(rest, name='one more')


def test_nobody_sees_or_revokes_the_keys_of_another_tenant(board: Board, rest: httpx.Client, bob: Person) -> None:
    mine = made(rest)
    with board.rest(bob.token) as other:
        assert listed(other) == []
        for key_id in (mine['id'], '0', '-1', '1e3', '٧', 'x' * 40, '9' * 18):
            assert other.delete(f'/api/keys/{key_id}').status_code == 404
    with board.rest(mine['key']) as program:
        assert program.get('/api/live-data').json()['data']['user_id'] > 0


@pytest.mark.parametrize('end', ['revoked', 'disabled', 'password'])
def test_a_key_that_has_ended_is_refused_like_any_bad_token(board: Board, alice: Person, end: str) -> None:
    with board.rest(alice.token) as rest:
        key = made(rest)
        with board.rest(key['key']) as program:
            assert program.get('/api/live-data').status_code == 200
            if end == 'revoked':
                assert rest.delete(f'/api/keys/{key["id"]}').json()['data']['revoked'] is True
                assert rest.delete(f'/api/keys/{key["id"]}').status_code == 200
            else:
                _end(board, alice, end)
            answer = program.get('/api/live-data')
    assert (answer.status_code, answer.headers['www-authenticate']) == (401, 'Bearer error="invalid_token"')
    assert answer.json() == httpx.get(f'{board.url}/api/live-data', headers={'Authorization': 'Bearer x'}).json()


def _end(board: Board, person: Person, end: str) -> None:
    with board.database() as database, database.writing() as session:
        if end == 'disabled':
            users.set_disabled(session, person.email, disabled=True)
        else:
            users.set_password_hash(session, person.email, 'another hash')


def test_when_a_key_was_last_used_is_told(board: Board, rest: httpx.Client) -> None:
    before = system_clock()
    key = made(rest)
    with board.rest(key['key']) as program:
        assert program.get('/api/live-data').status_code == 200
    until = time.monotonic() + 20
    while (used := listed(rest)[0]['last_used_at']) is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert before.isoformat()[:16] <= used[:16] <= system_clock().isoformat()[:16]


@pytest.mark.parametrize('transport', ['websocket', 'polling'])
async def test_a_read_key_opens_the_live_board_until_it_is_revoked(
    board: Board, rest: httpx.Client, transport: str
) -> None:
    key, other = made(rest), made(rest, name='another')
    async with (
        listening(board.url, other['key'], transport=transport) as staying,
        listening(board.url, key['key'], transport=transport) as live,
    ):
        await live.next('dashboard_update')
        assert (await live.act('filter', {'risk': ['high']}))['status'] == 'ok'
        assert (await live.act('export', {'format': 'csv'}))['code'] == 'forbidden'
        rest.delete(f'/api/keys/{key["id"]}')
        async with asyncio.timeout(30):
            await live.disconnected.wait()
        assert live.of('error')[-1]['code'] == 'invalid_token'
        heard = len(staying.heard)
        await staying.next('dashboard_update', after=heard)


@pytest.mark.parametrize('end', ['disabled', 'password'])
async def test_the_connections_of_a_key_end_with_the_account(board: Board, alice: Person, end: str) -> None:
    with board.rest(alice.token) as rest:
        key = made(rest)
    async with listening(board.url, key['key']) as live:
        await live.next('dashboard_update')
        _end(board, alice, end)
        async with asyncio.timeout(30):
            await live.disconnected.wait()


async def test_an_ingest_key_is_refused_by_the_live_protocol(
    board: Board, alice: Person, bob: Person, rest: httpx.Client
) -> None:
    ingest, read = made(rest, INGEST)['key'], made(rest, READ, 'reader')['key']
    with board.rest(bob.token) as other:
        bobs = made(other)['key']
    async with listening(board.url, ingest) as refused:
        answer = await refused.next('connected')
        assert (answer['status'], answer['code']) == ('error', 'forbidden')
        async with asyncio.timeout(30):
            await refused.disconnected.wait()
        assert refused.of('dashboard_update') == []
    async with listening(board.url, alice.token) as live:
        await live.next('dashboard_update')
        assert (await live.client.call('authenticate', {'token': ingest}))['code'] == 'forbidden'
        assert (await live.client.call('authenticate', {'token': bobs}))['code'] == 'invalid_token'
        assert (await live.client.call('authenticate', {'token': read}))['status'] == 'success'


def test_no_key_is_in_the_log(board: Board, rest: httpx.Client) -> None:
    key = made(rest)['key']
    with board.rest(key) as program:
        program.get('/api/nothing')
        program.get('/api/live-data', params={'key': key})
        program.delete('/api/customers/c')
    assert 'cbk_' not in board.log
