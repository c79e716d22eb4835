"""Tokens that open nothing: by REST all get the same bytes, by Socket.IO all are told, closed, and get no data."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services import sessions, users
from services.clock import system_clock
from services.tokens import Tokens
from tests.accounts import SECRET
from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.raw_engine import NO_CERTIFICATES, TRANSPORTS, RawEngine, connect_packet, raw_engine, signed_in

HEADER = {'alg': 'HS256', 'typ': 'at+jwt'}
LEFT_OUT = '(left out)'
PUBLIC_KEY = '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----\n'
CLOSED_SECONDS = 1.0 + 1.0
"""What the protocol allows between refusal and close, and as much for a busy machine."""

Claims = dict[str, Any]
Make = Callable[[Claims], str]


def part(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b'=').decode()


def forged(header: object, payload: object, *, key: str = SECRET, digest: str = 'sha256') -> str:
    """A token with a good signature over whatever is in it."""
    signed = f'{part(header)}.{part(payload)}'
    signature = hmac.new(key.encode(), signed.encode(), getattr(hashlib, digest)).digest()
    return f'{signed}.{base64.urlsafe_b64encode(signature).rstrip(b"=").decode()}'


def good(claims: Claims) -> str:
    return forged(HEADER, claims)


def header(**changes: object) -> Make:
    """A good token but for its header."""
    changed = {key: value for key, value in {**HEADER, **changes}.items() if value is not LEFT_OUT}
    return lambda claims: forged(changed, claims)


def claim(**changes: object) -> Make:
    """A good token but for some claims; where a number is wanted a function may make it from the time of issue."""

    def make(claims: Claims) -> str:
        made = {key: value(claims['iat']) if callable(value) else value for key, value in changes.items()}
        return good({key: value for key, value in {**claims, **made}.items() if value is not LEFT_OUT})

    return make


def signed(key: str, digest: str = 'sha256', **changes: object) -> Make:
    return lambda claims: forged({**HEADER, **changes}, claims, key=key, digest=digest)


def spoilt(pattern: str) -> Make:
    return lambda claims: pattern.format(good(claims))


def later(seconds: float) -> Callable[[int], float]:
    return lambda now: now + seconds


def unsigned(claims: Claims) -> str:
    return good(claims).rpartition('.')[0] + '.'


def other_last_character(claims: Claims) -> str:
    token = good(claims)
    return token[:-1] + ('A' if token[-1] != 'A' else 'Q')


CASES: dict[str, Make] = {
    # 1-4: the header
    **{f'alg {alg!r}': header(alg=alg) for alg in ('none', 'None', 'nOnE', '', None, ['HS256'])},
    'no alg': header(alg=LEFT_OUT),
    'unsigned': unsigned,
    'HS512': signed(SECRET, 'sha512', alg='HS512'),
    'RS256 with our key': signed(SECRET, alg='RS256'),
    'signed with nothing': signed(''),
    'signed with a public key': signed(PUBLIC_KEY),
    'kid of a file': header(kid='../../dev/null'),
    'kid of SQL': header(kid="' OR 1=1"),
    'jku': header(jku='http://evil'),
    'crit': header(crit=['x']),
    'b64': header(b64=False),
    'four parts': spoilt('{}.x'),
    # 5-7: times
    'expired a second ago': claim(exp=later(-1)),
    'no exp': claim(exp=LEFT_OUT),
    **{f'exp {exp!r}': claim(exp=exp) for exp in (None, [], 'abc', True, float('nan'), 10**400, 253402300799)},
    'exp in text': claim(exp=lambda now: str(now + 60)),
    'exp 1e999': lambda claims: forged(HEADER, json.dumps({**claims, 'exp': 0}).replace('"exp": 0', '"exp": 1e999')),
    'exp beyond what is allowed': claim(exp=later(3600 + 60)),
    'not before ten minutes': claim(nbf=later(600)),
    'issued in ten minutes': claim(iat=later(600), exp=later(900)),
    # 8-10: whose, and what for
    'no sub': claim(sub=LEFT_OUT),
    **{f'sub {sub!r}': claim(sub=sub) for sub in (1, ['1'], None, '', '01', '999999999999')},
    'another token version': lambda claims: good({**claims, 'tv': claims['tv'] + 1}),
    **{f'aud {aud!r}': claim(aud=aud) for aud in (LEFT_OUT, 'other', ['churnboard'], None)},
    **{f'iss {iss!r}': claim(iss=iss) for iss in (LEFT_OUT, 'other', ['churnboard'])},
    'refresh token': header(typ='refresh+jwt'),
    'plain JWT': header(typ='JWT'),
    'of a session that is not there': claim(sid='ab' * 32),
    'no jti': claim(jti=LEFT_OUT),
    # 11, 13: spelling and size
    'last character': other_last_character,
    'padding': spoilt('{}='),
    'scheme twice': spoilt('Bearer {}'),
    'too long': lambda claims: good({**claims, 'note': 'x' * 5000}),
    'no token': lambda _claims: 'a.b.c',
}


@pytest.fixture
def claims(board: Board, alice: Person) -> Claims:
    """What a good token of alice says."""
    payload: Claims = json.loads(base64.urlsafe_b64decode(alice.token.split('.')[1] + '=='))
    return payload


def ask(board: Board, *authorization: str, path: str = '/api/live-data') -> httpx.Response:
    headers = [('Authorization', value) for value in authorization]
    return httpx.get(f'{board.url}{path}', headers=headers, verify=NO_CERTIFICATES)


def data_in(engine: RawEngine) -> list[str]:
    return [
        packet[:60] for packet in engine.heard if packet.startswith('42') and not packet.startswith('42["connected"')
    ]


async def assert_refused(board: Board, transport: str, packet: str) -> str:
    """Acknowledged, told, disconnected and closed, without any data; the message."""
    async with raw_engine(board.url, transport) as engine:
        await engine.send(packet)
        refusal = await engine.next('connected')
        await engine.until_closed(CLOSED_SECONDS)
        assert refusal['status'] == 'error', refusal
        assert [packet[:2] for packet in engine.heard if packet != '1'] == ['40', '42', '41'], engine.heard
        message: str = refusal['message']
        return message


def only_sqlite(test: Any) -> Any:
    """What a token says is checked before any database is asked."""
    return pytest.mark.parametrize('board', ['sqlite'], indirect=True)(test)


@only_sqlite
def test_the_forger_of_these_tests_makes_good_tokens(board: Board, claims: Claims) -> None:
    assert ask(board, f'Bearer {good(claims)}').status_code == 200


@only_sqlite
@pytest.mark.parametrize('case', CASES)
def test_a_bad_token_gets_the_same_bytes_for_every_reason(board: Board, claims: Claims, case: str) -> None:
    answer = ask(board, f'Bearer {CASES[case](claims)}')
    usual = ask(board, 'Bearer x')
    assert (answer.status_code, answer.headers['www-authenticate']) == (401, 'Bearer error="invalid_token"')
    assert answer.content == usual.content
    assert list(answer.json()) == ['success', 'error']
    assert list(answer.json()['error']) == ['code', 'message']


RAW_AUTH = ('', '"x"', '[1]', 'true', '5', 'NaN', '{}', '0', '{"token":null}', '{"token":["x"]}', '{"token":{"a":1}}')
SURROGATE = r'{"token":"\ud800.a.b"}'


@only_sqlite
@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_a_bad_token_is_told_and_closed_at_once(board: Board, claims: Claims, transport: str) -> None:
    packets = {case: connect_packet(make(claims)) for case, make in CASES.items()}
    packets |= {f'auth {auth}': f'40{auth}' for auth in (*RAW_AUTH, SURROGATE)}
    at_once = asyncio.Semaphore(20)

    async def attempt(packet: str) -> str:
        async with at_once:
            try:
                return await assert_refused(board, transport, packet)
            except AssertionError as error:
                return f'FAILED: {error}'

    messages = dict(zip(packets, await asyncio.gather(*map(attempt, packets.values())), strict=True))
    assert {case: message for case, message in messages.items() if message.startswith('FAILED')} == {}
    assert len(set(messages.values())) == 1, 'one message for every reason'


@only_sqlite
@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_of_two_tokens_in_one_object_none_counts(board: Board, alice: Person, transport: str) -> None:
    for first, last in ((alice.token, 'x'), ('x', alice.token)):
        await assert_refused(board, transport, f'40{{"token":"{first}","token":"{last}"}}')


@only_sqlite
@pytest.mark.parametrize('transport', TRANSPORTS)
async def test_a_token_in_the_address_opens_nothing_and_is_not_logged(
    board: Board, alice: Person, transport: str
) -> None:
    async with raw_engine(board.url, transport, query=f'&token={alice.token}') as engine:
        await engine.send('40')
        assert (await engine.next('connected'))['status'] == 'error'
        await engine.until_closed(CLOSED_SECONDS)
        assert not data_in(engine)
    answer = ask(board, path=f'/api/live-data?token={alice.token}')
    assert (answer.status_code, answer.headers['www-authenticate']) == (401, 'Bearer')
    assert alice.token.rpartition('.')[2] not in board.log


@only_sqlite
@pytest.mark.parametrize(
    ('authorization', 'status', 'challenge'),
    [
        (['Basic x'], 401, 'Bearer'),
        (['Bearer'], 401, 'Bearer error="invalid_token"'),
        (['bearer {}'], 200, None),
        (['BEARER {}'], 200, None),
        (['Bearer  {}'], 401, 'Bearer error="invalid_token"'),
        (['Bearer {}', 'Bearer {}'], 400, None),
        (['{}'], 401, 'Bearer'),
    ],
)
def test_how_a_token_is_shown_by_rest(
    board: Board, alice: Person, authorization: list[str], status: int, challenge: str | None
) -> None:
    answer = ask(board, *(value.format(alice.token) for value in authorization))
    assert (answer.status_code, answer.headers.get('www-authenticate')) == (status, challenge)


@only_sqlite
def test_a_token_of_a_megabyte_is_refused_before_it_is_read(board: Board, alice: Person) -> None:
    assert ask(board, f'Bearer {"x" * 1_000_000}').status_code in (400, 401, 431)
    assert ask(board, f'Bearer {alice.token}').status_code == 200


# From here on the database decides.

ENDS = ('disabled', 'new password', 'deleted', 'signed out')


@pytest.fixture
def session_hash(board: Board, alice: Person) -> str:
    name = sessions.hash_of(alice.email)
    with board.database() as database, database.writing() as session:
        now = system_clock()
        sessions.start(session, users.find(session, alice.email), name, now=now, expires_at=now + timedelta(hours=1))
    return name


@pytest.fixture
def token(board: Board, alice: Person, session_hash: str, claims: Claims) -> Iterator[str]:
    """A token that a page of alice's would have."""
    tokens = Tokens(SECRET, max_seconds=3600, clock=system_clock)
    yield tokens.issue(int(claims['sub']), claims['tv'], seconds=3600, session_hash=session_hash)


def put_end_to(board: Board, person: Person, session_hash: str, end: str) -> None:
    with board.database() as database, database.writing() as session:
        if end == 'disabled':
            users.set_disabled(session, person.email, disabled=True)
        elif end == 'new password':
            users.set_password_hash(session, person.email, 'another hash')
        elif end == 'signed out':
            assert sessions.end(session, session_hash)
        else:
            assert sessions.end(session, session_hash)
            session.delete(users.find(session, person.email))


@pytest.mark.parametrize('end', ENDS)
async def test_every_channel_ends_within_five_seconds_and_opens_no_more(
    board: Board, alice: Person, token: str, session_hash: str, end: str
) -> None:
    async with (
        signed_in(board.url, 'websocket', token) as one,
        signed_in(board.url, 'polling', token) as two,
        signed_in(board.url, 'websocket', token, updates='changes') as three,
    ):
        put_end_to(board, alice, session_hash, end)
        assert ask(board, f'Bearer {token}').content == ask(board, 'Bearer x').content
        assert ask(board, f'Bearer {token}', path='/api/predictions').status_code == 401
        await asyncio.gather(*(engine.until_closed(5) for engine in (one, two, three)))
        for engine in (one, two, three):
            assert engine.events('error')[-1]['code'] == 'invalid_token'
            last = [packet for packet in engine.heard if packet.startswith('42')][-1]
            assert last.startswith('42["error"'), 'no data after the end'
    for transport in TRANSPORTS:
        await assert_refused(board, transport, connect_packet(token))
