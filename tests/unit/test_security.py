from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.types import Message, Receive, Scope, Send

from app.origins import safe_target
from app.security import IDENTITY, SAME_ORIGIN, SignInGate
from app.settings import Settings
from services.auth import Auth
from services.database import Database
from tests.accounts import PASSWORD, SettableClock, add_user, create_auth, open_database

PAGES = ('/', '/uploads', '/customers/*')


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    add_user(database)
    yield database
    database.close()


@pytest.fixture
def auth(database: Database) -> Iterator[Auth]:
    auth = create_auth(database, SettableClock())
    yield auth
    auth.close()


@pytest.fixture
async def cookie(auth: Auth) -> str:
    return 'churnboard_session=' + await auth.start_session(await auth.sign_in('alice@example.com', PASSWORD))


class App:
    """Stands behind the gate and says what came through."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope['type'] == 'websocket':
            await send({'type': 'websocket.accept'})
            return
        seen = {
            'email': scope[IDENTITY] and scope[IDENTITY].email,
            'same_origin': scope[SAME_ORIGIN],
            'forwarded': [name.decode() for name, _ in scope['headers'] if name.startswith(b'x-forwarded')],
            'client': scope['client'][0],
        }
        headers = [
            (b'content-type', b'application/json'),
            (b'cache-control', b'public'),
            (b'x-frame-options', b'ALLOW'),
        ]
        await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
        await send({'type': 'http.response.body', 'body': json.dumps(seen).encode()})


def gate(auth: Auth, app: App | None = None, **settings: Any) -> SignInGate:
    return SignInGate(app or App(), auth=auth, settings=Settings(**settings), pages=PAGES, also_open=['/metrics'])


async def ask(
    gate: SignInGate,
    path: str,
    *,
    method: str = 'GET',
    headers: dict[str, str] | None = None,
    base: str = 'http://board',
) -> httpx.Response:
    transport = httpx.ASGITransport(app=gate, client=('10.0.0.9', 4711))
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        return await client.request(method, path, headers=headers or {})


@pytest.mark.parametrize(
    ('path', 'location'),
    [
        ('/', '/login'),
        ('/uploads', '/login?next=/uploads'),
        ('/uploads?q=a%20b&risk=high', '/login?next=/uploads%3Fq%3Da%2520b%26risk%3Dhigh'),
        ('/customers/7', '/login?next=/customers/7'),
        ('/customers/a%2F..%2Fb%25', '/login?next=/customers/a%252F..%252Fb%2525'),
    ],
)
async def test_a_page_without_a_session_leads_to_the_sign_in(auth: Auth, path: str, location: str) -> None:
    app = App()
    answer = await ask(gate(auth, app), path)
    assert (answer.status_code, answer.headers['location']) == (303, location)
    assert answer.headers['cache-control'] == 'no-store'
    assert app.scopes == []


@pytest.mark.parametrize('path', ['/', '/uploads', '/customers/7', '/customers/a/b'])
async def test_a_page_with_a_session_is_served_to_its_user(auth: Auth, cookie: str, path: str) -> None:
    answer = await ask(gate(auth), path, headers={'cookie': cookie})
    assert answer.json()['email'] == 'alice@example.com'
    assert answer.headers.get_list('cache-control') == ['no-store']


@pytest.mark.parametrize(
    'path',
    [
        '/nothing',
        '/uploads/',
        '/customers',
        '/customers/',
        '/uploads//',
        '/loginx',
        '/login/x',
        '/apix',
        '/_niceguix',
        '/.env',
        '/%2e%2e/etc/passwd',
        '/..%5c',
        '/%00',
        '/docs',
        '/openapi.json',
    ],
)
async def test_an_unknown_path_is_answered_before_anything_else_sees_it(auth: Auth, cookie: str, path: str) -> None:
    app = App()
    answer = await ask(gate(auth, app), path, headers={'cookie': cookie})
    assert answer.status_code == 404
    assert app.scopes == []


@pytest.mark.parametrize(
    'path',
    ['/login', '/logout', '/healthz', '/readyz', '/favicon.ico', '/metrics', '/api/x', '/socket.io/', '/assets/a'],
)
async def test_some_paths_decide_for_themselves(auth: Auth, path: str) -> None:
    answer = await ask(gate(auth), path)
    assert answer.status_code == 200
    assert answer.json()['email'] is None


async def test_the_session_is_only_looked_up_where_it_is_needed(auth: Auth, cookie: str) -> None:
    seen = {}
    for path in ('/api/live-data', '/login', '/assets/app.css', '/socket.io/', '/healthz'):
        seen[path] = (await ask(gate(auth), path, headers={'cookie': cookie})).json()['email'] is not None
    assert seen == {
        '/api/live-data': True, '/login': True, '/assets/app.css': False, '/socket.io/': False, '/healthz': False
    }  # fmt: skip


@pytest.mark.parametrize('scheme', ['Bearer', 'bearer'])
async def test_a_token_makes_the_cookie_count_for_nothing(auth: Auth, cookie: str, scheme: str) -> None:
    answer = await ask(gate(auth), '/api/x', headers={'cookie': cookie, 'authorization': f'{scheme} wrong'})
    assert answer.json()['email'] is None


@pytest.mark.parametrize(
    'cookie', ['', 'churnboard_session=', 'churnboard_session=' + 'x' * 43, 'churnboard_session=é']
)
async def test_a_made_up_cookie_opens_nothing(auth: Auth, cookie: str) -> None:
    headers = [(b'cookie', cookie.encode())]
    transport = httpx.ASGITransport(app=gate(auth))
    async with httpx.AsyncClient(transport=transport, base_url='http://board') as client:
        assert (await client.get('/', headers=headers)).status_code == 303


@pytest.mark.parametrize('path', ['/', '/login', '/api/x', '/nothing'])
async def test_every_answer_carries_the_protective_headers_once(auth: Auth, path: str) -> None:
    answer = await ask(gate(auth), path)
    assert answer.headers.get_list('x-content-type-options') == ['nosniff']
    assert answer.headers.get_list('referrer-policy') == ['same-origin']
    assert answer.headers.get_list('x-frame-options') == ['DENY']


@pytest.mark.parametrize(
    ('headers', 'same'),
    [
        ({}, True),
        ({'sec-fetch-site': 'same-origin'}, True),
        ({'sec-fetch-site': 'none'}, True),
        ({'sec-fetch-site': 'same-site'}, False),
        ({'sec-fetch-site': 'cross-site'}, False),
        ({'origin': 'http://board'}, True),
        ({'origin': 'HTTP://BOARD'}, True),
        ({'origin': 'https://public.example'}, True),
        ({'origin': 'https://board'}, False),
        ({'origin': 'http://board:8080'}, False),
        ({'origin': 'http://board.evil.example'}, False),
        ({'origin': 'http://evil.example'}, False),
        ({'origin': 'null'}, False),
        ({'origin': ''}, False),
        ({'origin': 'http://evil.example', 'sec-fetch-site': 'same-origin'}, False),
    ],
    ids=str,
)
async def test_only_our_own_pages_and_the_allowed_origins_are_the_same_origin(
    auth: Auth, headers: dict[str, str], same: bool
) -> None:
    answer = await ask(gate(auth, public_origins=('https://public.example',)), '/api/x', headers=headers)
    assert answer.json()['same_origin'] is same


async def test_forwarded_headers_of_a_stranger_are_removed(auth: Auth) -> None:
    forged = {'x-forwarded-prefix': '/evil', 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https'}
    answer = await ask(gate(auth), '/api/x', headers={**forged, 'origin': 'https://board'})
    assert answer.json() == {'email': None, 'same_origin': False, 'forwarded': [], 'client': '10.0.0.9'}


@pytest.mark.parametrize('trusted', ['10.0.0.9', '10.0.0.0/8'])
async def test_a_trusted_proxy_is_believed(auth: Auth, trusted: str) -> None:
    told = {'x-forwarded-prefix': '/board', 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https'}
    protected = gate(auth, trusted_proxies=(trusted,))
    seen = (await ask(protected, '/api/x', headers={**told, 'origin': 'https://board'})).json()
    assert (seen['same_origin'], seen['client']) == (True, '1.2.3.4')
    assert 'x-forwarded-prefix' in seen['forwarded']


async def test_without_a_database_a_visitor_is_told_to_wait(auth: Auth, database: Database, cookie: str) -> None:
    with database.writing() as session:
        session.connection().execute(text('ALTER TABLE session RENAME TO lost'))
    page = await ask(gate(auth), '/', headers={'cookie': cookie})
    assert (page.status_code, page.headers['retry-after']) == (503, '5')
    assert 'lost' not in page.text and 'session' not in page.text
    rest = await ask(gate(auth), '/api/x', headers={'cookie': cookie})
    assert (rest.status_code, rest.json()['error']['code']) == (503, 'unavailable')
    assert (await ask(gate(auth), '/healthz', headers={'cookie': cookie})).status_code == 200
    assert await dial(gate(auth), '/_nicegui_ws/socket.io', cookie=cookie) == ('websocket.close', 1013)


async def test_the_pages_files_and_socket_are_for_the_signed_in(auth: Auth, cookie: str) -> None:
    for path in ('/_nicegui_ws/socket.io/', '/_nicegui/3.18.0/anything'):
        assert (await ask(gate(auth), path)).status_code == 403
        assert (await ask(gate(auth), path, headers={'cookie': cookie})).status_code == 200
    foreign = {'cookie': cookie, 'origin': 'http://evil.example'}
    assert (await ask(gate(auth), '/_nicegui_ws/socket.io/', headers=foreign)).status_code == 403


async def test_the_pages_websocket_needs_a_session_and_one_of_our_origins(auth: Auth, cookie: str) -> None:
    protected, path = gate(auth), '/_nicegui_ws/socket.io/'
    assert await dial(protected, path, cookie=cookie, origin='http://board') == ('websocket.accept', None)
    assert await dial(protected, path, cookie=cookie) == ('websocket.accept', None)
    assert await dial(protected, path, cookie=cookie, origin='http://evil.example') == ('websocket.close', 4403)
    assert await dial(protected, path, origin='http://board') == ('websocket.close', 4403)
    assert await dial(protected, path, cookie=cookie, origin='null') == ('websocket.close', 4403)


async def test_other_websockets_than_ours_are_closed(auth: Auth, cookie: str) -> None:
    assert await dial(gate(auth), '/socket.io/') == ('websocket.accept', None)
    assert await dial(gate(auth), '/nothing', cookie=cookie) == ('websocket.close', 4403)
    assert await dial(gate(auth), '/') == ('websocket.close', 4403)


async def test_starting_and_stopping_pass_through(auth: Auth) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope['type'])

    async def nothing(*_: Any) -> Any: ...

    await SignInGate(app, auth=auth, settings=Settings(), pages=PAGES)({'type': 'lifespan'}, nothing, nothing)
    assert seen == ['lifespan']


@pytest.mark.parametrize(
    'target',
    [
        None,
        '',
        'uploads',
        '//evil.example',
        '///evil.example',
        '/\\evil.example',
        '/\t/evil.example',
        '/\n/evil.example',
        'https://evil.example',
        'javascript:alert(1)',
        '/login',
        '/login?next=/login',
        '/logout',
        '/é',
        '/' + 'x' * 3000,
        '/a\r\nSet-Cookie: x=1',
        '\\\\evil.example',
        '/ x',
    ],
    ids=lambda target: ascii(target)[:30],
)
def test_nobody_is_led_to_another_site(target: str | None) -> None:
    assert safe_target(target) == '/'


@pytest.mark.parametrize('target', ['/', '/uploads', '/customers/7?q=a%20b&risk=high#top', '/customers/https://x'])
def test_a_path_of_ours_is_kept(target: str) -> None:
    assert safe_target(target) == target


async def dial(gate: SignInGate, path: str, **headers: str) -> tuple[str, int | None]:
    """Open a WebSocket: what the server said to it."""
    sent: list[Message] = []
    scope = {
        'type': 'websocket',
        'scheme': 'ws',
        'path': path,
        'query_string': b'',
        'client': ('10.0.0.9', 4711),
        'headers': [(b'host', b'board'), *((name.encode(), value.encode()) for name, value in headers.items())],
    }

    async def receive() -> Message:
        return {'type': 'websocket.connect'}

    async def send(message: Message) -> None:
        sent.append(message)

    await gate(scope, receive, send)
    return sent[0]['type'], sent[0].get('code')
