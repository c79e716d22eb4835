from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text

from app.api.auth import create_router as create_token_router
from app.api.identity import current_identity
from app.pages.login import create_router
from app.security import SignInGate
from app.settings import Settings
from services import users
from services.auth import Auth, Identity
from services.database import Database
from services.errors import ChurnboardError
from tests.accounts import PASSWORD, SettableClock, alice_and_bob, create_auth

RIGHT = {'email': 'alice@example.com', 'password': PASSWORD}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with alice_and_bob(tmp_path) as database:
        yield database


@pytest.fixture
def auth(database: Database) -> Iterator[Auth]:
    auth = create_auth(database, SettableClock())
    yield auth
    auth.close()


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
async def browser(auth: Auth, ended: list[str]) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_at('http://board', auth, ended) as client:
        yield client


def browser_at(base: str, auth: Auth, ended: list[str]) -> httpx.AsyncClient:
    settings = Settings()
    web = FastAPI()
    web.include_router(create_router(auth, ended.append))
    web.include_router(create_token_router(auth))
    CurrentIdentity = Annotated[Identity, Depends(current_identity(auth))]

    async def who(identity: CurrentIdentity) -> str:
        return identity.email

    who.__annotations__['identity'] = CurrentIdentity
    web.add_api_route('/api/who', who, methods=['GET', 'POST'])
    web.add_api_route('/', who)

    @web.exception_handler(ChurnboardError)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ChurnboardError)
        return JSONResponse(error.payload(), 400)

    gate = SignInGate(web, auth=auth, settings=settings, pages=['/'])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=gate), base_url=base)


def cookie_of(answer: httpx.Response) -> str:
    return SimpleCookie(answer.headers['set-cookie'])['churnboard_session'].value


async def test_the_sign_in_page_needs_nothing_else(browser: httpx.AsyncClient) -> None:
    answer = await browser.get('/login')
    assert answer.status_code == 200
    assert answer.headers['content-type'] == 'text/html; charset=utf-8'
    assert answer.headers['cache-control'] == 'no-store'
    assert "default-src 'none'" in answer.headers['content-security-policy']
    for absent in ('<script', 'src=', 'http:', 'https:', '@import', 'url(', '$'):
        assert absent not in answer.text
    for present in ('lang="en"', 'for="email"', 'for="password"', 'autocomplete="username"', 'name="viewport"'):
        assert present in answer.text
    assert 'autocomplete="current-password"' in answer.text
    assert (await browser.head('/login')).status_code == 200


async def test_the_right_password_opens_the_board(browser: httpx.AsyncClient) -> None:
    answer = await browser.post('/login', data=RIGHT)
    assert (answer.status_code, answer.headers['location']) == (303, '/')
    attributes = answer.headers['set-cookie'].lower().split('; ')[1:]
    assert sorted(attributes) == ['httponly', 'max-age=43200', 'path=/', 'samesite=lax']
    assert (await browser.get('/')).json() == 'alice@example.com'


async def test_over_https_the_cookie_is_secure(auth: Auth, ended: list[str]) -> None:
    async with browser_at('https://board', auth, ended) as browser:
        answer = await browser.post('/login', data=RIGHT)
        assert 'secure' in answer.headers['set-cookie'].lower().split('; ')


@pytest.mark.parametrize(
    ('wanted', 'location'),
    [
        ('/uploads?q=1', '/uploads?q=1'),
        ('//evil.example', '/'),
        ('https://evil.example', '/'),
        ('/\\evil.example', '/'),
    ],
)
async def test_after_sign_in_only_our_own_pages_are_opened(
    browser: httpx.AsyncClient, wanted: str, location: str
) -> None:
    answer = await browser.post('/login', data={**RIGHT, 'next': wanted})
    assert answer.headers['location'] == location


async def test_the_page_keeps_where_to_go(browser: httpx.AsyncClient) -> None:
    assert 'value="/uploads?q=1&amp;risk=high"' in (await browser.get('/login?next=/uploads%3Fq=1%26risk=high')).text
    failed = await browser.post('/login', data={'email': 'alice@example.com', 'password': 'wrong', 'next': '/uploads'})
    assert 'value="/uploads"' in failed.text


async def test_a_wrong_password_keeps_the_address_and_says_so(browser: httpx.AsyncClient) -> None:
    answer = await browser.post('/login', data={'email': '"><script>alert(1)</script>', 'password': 'secret words'})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert '<script' not in answer.text
    assert '&quot;&gt;&lt;script&gt;' in answer.text
    assert 'secret words' not in answer.text
    assert 'set-cookie' not in answer.headers


@pytest.mark.parametrize(
    'body', [b'', b'\xff\xfe', b'email', b'&' * 100, b'a=1' + b'&a=1' * 100, b'email=%ff&password=%00']
)
async def test_an_odd_form_is_a_failed_sign_in(browser: httpx.AsyncClient, body: bytes) -> None:
    assert (await browser.post('/login', content=body)).status_code == 401


async def test_a_huge_form_is_refused(browser: httpx.AsyncClient) -> None:
    assert (await browser.post('/login', data={**RIGHT, 'password': 'x' * 20_000})).status_code == 413


async def test_values_in_the_address_do_not_sign_in(browser: httpx.AsyncClient) -> None:
    answer = await browser.get('/login', params={**RIGHT, 'user': 'alice@example.com', 'pass': PASSWORD})
    assert 'set-cookie' not in answer.headers
    assert PASSWORD not in answer.text
    assert (await browser.post('/login', params=RIGHT)).status_code == 401


@pytest.mark.parametrize('path', ['/login', '/logout'])
@pytest.mark.parametrize('headers', [{'origin': 'http://evil.example'}, {'sec-fetch-site': 'cross-site'}], ids=str)
async def test_another_site_can_neither_sign_in_nor_out(
    browser: httpx.AsyncClient, ended: list[str], path: str, headers: dict[str, str]
) -> None:
    await browser.post('/login', data=RIGHT)
    answer = await browser.post(path, data={'email': 'bob@example.com', 'password': PASSWORD}, headers=headers)
    assert answer.status_code == 403
    assert 'set-cookie' not in answer.headers
    assert ended == []
    assert (await browser.get('/')).json() == 'alice@example.com'


async def test_who_is_signed_in_needs_no_sign_in_page(browser: httpx.AsyncClient) -> None:
    await browser.post('/login', data=RIGHT)
    answer = await browser.get('/login')
    assert (answer.status_code, answer.headers['location']) == (303, '/')
    assert (await browser.get('/login?next=//evil.example')).headers['location'] == '/'


async def test_a_planted_cookie_is_replaced_at_sign_in(browser: httpx.AsyncClient) -> None:
    planted = 'p' * 43
    answer = await browser.post('/login', data=RIGHT, headers={'cookie': f'churnboard_session={planted}'})
    assert cookie_of(answer) != planted
    browser.cookies.clear()
    assert (await browser.get('/', headers={'cookie': f'churnboard_session={planted}'})).status_code == 303


async def test_signing_in_again_ends_the_earlier_session(
    browser: httpx.AsyncClient, auth: Auth, ended: list[str]
) -> None:
    first = cookie_of(await browser.post('/login', data=RIGHT))
    await browser.post('/login', data={**RIGHT, 'email': 'bob@example.com'})
    assert ended == [auth.session_hash(first)]
    assert await auth.session(first) is None
    assert (await browser.get('/')).json() == 'bob@example.com'


async def test_signing_out_ends_the_session_everywhere(
    browser: httpx.AsyncClient, auth: Auth, ended: list[str]
) -> None:
    cookie_id = cookie_of(await browser.post('/login', data=RIGHT))

    answer = await browser.post('/logout')

    assert (answer.status_code, answer.headers['location']) == (303, '/login')
    assert ended == [auth.session_hash(cookie_id)]
    assert 'churnboard_session' not in browser.cookies
    assert (await browser.get('/', headers={'cookie': f'churnboard_session={cookie_id}'})).status_code == 303
    assert (await browser.post('/logout')).status_code == 303
    assert len(ended) == 1


@pytest.mark.parametrize(
    ('method', 'path'), [('GET', '/logout'), ('HEAD', '/logout'), ('PUT', '/login'), ('DELETE', '/logout')]
)
async def test_other_methods_are_refused(browser: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await browser.request(method, path)
    assert answer.status_code == 405
    assert 'POST' in answer.headers['allow']


async def test_without_a_database_the_page_says_try_again(browser: httpx.AsyncClient, database: Database) -> None:
    with database.writing() as session:
        session.connection().execute(text('ALTER TABLE user RENAME TO lost'))
    answer = await browser.post('/login', data=RIGHT)
    assert (answer.status_code, answer.headers['retry-after']) == (503, '5')
    assert 'role="alert"' in answer.text


async def test_a_disabled_account_loses_its_page(browser: httpx.AsyncClient, database: Database) -> None:
    await browser.post('/login', data=RIGHT)
    with database.writing() as session:
        users.set_disabled(session, 'alice@example.com', disabled=True)
    assert (await browser.get('/')).status_code == 303
    assert (await browser.post('/login', data=RIGHT)).status_code == 401


async def test_a_token_is_answered_in_the_shape_of_oauth2(browser: httpx.AsyncClient) -> None:
    answer = await browser.post('/api/auth/token', data={'username': 'alice@example.com', 'password': PASSWORD})
    assert list(answer.json()) == ['access_token', 'token_type', 'expires_in']
    assert answer.headers['cache-control'] == 'no-store'
    token = answer.json()['access_token']
    for scheme in ('Bearer', 'bearer', 'BEARER'):
        assert (await browser.post('/api/who', headers={'authorization': f'{scheme} {token}'})).json() == RIGHT['email']


async def test_a_wrong_password_gets_no_token(browser: httpx.AsyncClient) -> None:
    answer = await browser.post('/api/auth/token', data={'username': 'alice@example.com', 'password': 'wrong'})
    assert answer.json()['code'] == 'invalid_credentials'


@pytest.mark.parametrize('value', ['', 'Basic x', 'Bearer', 'Bearer ', 'Bearer x', 'Bearer Bearer x', 'Token x', 'é'])
async def test_rest_without_a_good_token_or_session_is_refused(browser: httpx.AsyncClient, value: str) -> None:
    answer = await browser.get('/api/who', headers=[(b'authorization', value.encode())])
    assert answer.json()['code'] == 'invalid_token'


async def test_a_token_in_the_address_is_not_read(browser: httpx.AsyncClient, auth: Auth) -> None:
    token = auth.issue_token(await auth.sign_in(RIGHT['email'], PASSWORD)).access_token
    assert (await browser.get('/api/who', params={'token': token})).json()['code'] == 'invalid_token'


async def test_two_authorization_headers_are_an_invalid_request(browser: httpx.AsyncClient) -> None:
    twice = [('authorization', 'Bearer a'), ('authorization', 'Bearer b')]
    answer = await browser.get('/api/who', headers=twice)
    assert (answer.json()['code'], answer.json()['field']) == ('invalid_request', 'Authorization')


async def test_a_session_reads_and_changes_only_from_our_own_pages(browser: httpx.AsyncClient) -> None:
    await browser.post('/login', data=RIGHT)
    foreign = {'origin': 'http://evil.example'}
    assert (await browser.get('/api/who')).json() == RIGHT['email']
    assert (await browser.post('/api/who', headers={'origin': 'http://board'})).json() == RIGHT['email']
    assert (await browser.post('/api/who', headers=foreign)).json()['code'] == 'forbidden'
    assert (await browser.get('/api/who', headers={'authorization': 'Basic x'})).json() == RIGHT['email']


async def test_a_bad_token_is_not_made_good_by_a_session(browser: httpx.AsyncClient) -> None:
    await browser.post('/login', data=RIGHT)
    answer = await browser.get('/api/who', headers={'authorization': 'Bearer wrong'})
    assert answer.json()['code'] == 'invalid_token'
