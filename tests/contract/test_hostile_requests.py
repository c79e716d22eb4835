"""Requests that are large, deep, endless or of another world: refused in public words, while the server goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.upload_status import RUNNING
from tests.board import Board
from tests.contract.raw_engine import NO_CERTIFICATES
from tests.contract.watched import assert_tells_nothing, unharmed, watched_board

MEGABYTE = 1024 * 1024
MOST = 8 * MEGABYTE
"""Bytes of predictions that one request may hold."""


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with watched_board(tmp_path_factory.mktemp('hostile')) as board:
        with board.rest(board.add_user('alice@example.com')) as rest:  # what is loaded when it is first needed
            rest.post('/api/predictions', json=[{'customer_id': 'c', 'churn_score': 0.5}]).raise_for_status()
            rest.post('/api/predictions', content=b'x', headers=NDJSON)
            rest.post('/api/uploads?name=x.csv', content=b'customer_id,churn_score\nc,0.5\n').raise_for_status()
            rest.get('/api/live-data').raise_for_status()
        yield board


@pytest.fixture
async def rest(board: Board, request: pytest.FixtureRequest) -> Any:
    token = board.add_user(f'{abs(hash(request.node.nodeid))}@example.com')
    headers = {'Authorization': f'Bearer {token}'}
    async with httpx.AsyncClient(base_url=board.url, headers=headers, timeout=120, verify=NO_CERTIFICATES) as client:
        yield client


def filled(text: bytes, *, size: int = MOST) -> bytes:
    return text * (size // len(text))


def rows(row: bytes, *, size: int = MOST) -> bytes:
    return b'[' + filled(row + b',', size=size - len(row) - 10) + row + b']'


NDJSON = {'Content-Type': 'application/x-ndjson'}
JSON = {'Content-Type': 'application/json'}

PREDICTIONS = {
    'deep': filled(b'['),
    'deep objects': filled(b'{"a":'),
    'one number': filled(b'9'),
    'one text': b'"' + filled(b'x', size=MOST - 2) + b'"',
    'escapes': b'"' + filled(rb'\ud800', size=MOST - 9) + b'"',
    'numbers': rows(b'1'),
    'empty rows': rows(b'{}'),
    'rows': rows(b'{"customer_id":"c","churn_score":1}'),
    'the same key': b'[{' + filled(b'"customer_id":"c",', size=MOST - 20) + b'"a":1}]',
    'other keys': b'[{' + b','.join(b'"%d":1' % number for number in range(500_000)) + b'}]',
    'many reasons': b'[{"customer_id":"c","churn_score":1,"reasons":' + rows(b'"+x"', size=MOST - 60) + b'}]',
    'lone surrogates in a name': rows(rb'{"customer_id":"\ud800","churn_score":1}', size=MEGABYTE // 8),
    'not UTF-8': filled(b'\xff'),
}
LINES = {
    'empty lines': filled(b'\n'),
    'numbers in lines': filled(b'1\n'),
    'rows in lines': filled(b'{"customer_id":"c","churn_score":1}\n'),
    'one line': filled(b'{'),
}


@pytest.mark.parametrize('case', [*PREDICTIONS, *LINES])
async def test_predictions_of_another_kind(board: Board, rest: httpx.AsyncClient, case: str) -> None:
    content, kind = (LINES[case], NDJSON) if case in LINES else (PREDICTIONS[case], JSON)
    async with unharmed(board) as log:
        for partial in ('false', 'true'):
            answer = await rest.post('/api/predictions', content=content, headers=kind, params={'partial': partial})
            assert answer.status_code in (200, 400, 413, 422), answer.text[:300]
            assert len(answer.content) < MEGABYTE, 'faults are told, up to a number of them'
            assert_tells_nothing(answer.text, board)
        assert log.text == ''


FILES = {
    'x.csv': (
        filled(b'"'),
        filled(b','),
        filled(b'\n'),
        filled(b'\r'),
        filled(b'\0'),
        filled(b'a,b\n'),
        b'\xff\xfea\0',
    ),
    'x.json': (filled(b'['), filled(b'9'), rows(b'{}'), filled(b'{"a":')),
    'x.ndjson': (filled(b'\n'), filled(b'1\n'), filled(b'{')),
    'x.parquet': (b'PAR1' + filled(b'\xff') + b'PAR1', b'PAR1\x15\x00\x7f\xff\xff\xffPAR1', filled(b'PAR1')),
    'x.csv.gz': (b'\x1f\x8b\x08\x00' + filled(b'\0'), filled(b'\x1f\x8b')),
    'x.zip': (b'PK\x03\x04' + filled(b'\0'),),
}


@pytest.mark.parametrize(
    ('name', 'number'), [(name, number) for name, each in FILES.items() for number in range(len(each))]
)
async def test_files_of_another_kind(board: Board, rest: httpx.AsyncClient, name: str, number: int) -> None:
    async with unharmed(board) as log:
        for content in FILES[name]:
            for query in ({'preview': 'true'}, {'partial': 'true'}):
                answer = await rest.post('/api/uploads', content=content, params={'name': name, **query})
                assert answer.status_code in (200, 202, 400, 413, 429), answer.text[:300]
                assert_tells_nothing(answer.text, board)
        assert_tells_nothing(await uploads_when_done(rest), board)
        assert 'ERROR' not in log.text


async def uploads_when_done(rest: httpx.AsyncClient) -> str:
    """What the server has to say of a file, also in its log, belongs to the test that sent it."""
    while True:
        told = await rest.get('/api/uploads')
        if not any(upload['state'] in RUNNING for upload in told.json()['data']):
            return told.text
        await asyncio.sleep(0.05)


SMALL_BODIES = ('/api/keys', '/api/views', '/api/exports', '/api/auth/revoke', '/api/customers/c/notes')


@pytest.mark.parametrize('path', SMALL_BODIES)
async def test_bodies_of_another_kind(board: Board, rest: httpx.AsyncClient, path: str) -> None:
    async with unharmed(board) as log:
        for content in (
            *(filled(text, size=60_000) for text in (b'[', b'{"a":', b'9', b'\xff', b'\0')),
            b'{' + b','.join(b'"%d":1' % number for number in range(5_000)) + b'}',
            b'{"name":' * 5_000 + b'1' + b'}' * 5_000,
            filled(b' ', size=10 * MEGABYTE),
        ):
            answer = await rest.post(path, content=content, headers=JSON)
            assert answer.status_code in (400, 413), (content[:20], answer.text[:300])
            assert_tells_nothing(answer.text, board)
        assert log.text == ''


ADDRESSES = (
    '/api/live-data?' + 'a=1&' * 10_000,
    '/api/live-data?risk=' + 'high,' * 10_000,
    '/api/live-data?' + 'risk=high&' * 5_000,
    '/api/live-data?q=' + '%F0%9F%99%88' * 2_000,
    '/api/live-data?q=%00',
    '/api/live-data?q=%ED%A0%80',
    '/api/live-data?from=0001-01-01&to=9999-12-31',
    '/api/live-data?min_score=1e999999999',
    '/api/live-data?min_score=' + '9' * 20_000,
    '/api/series?from=1900-01-01&to=2100-12-31',
    '/api/customers?limit=999999999999999999999',
    '/api/customers?cursor=' + 'A' * 10_000,
    '/api/predictions?cursor=%00',
    '/api/customers/' + 'x' * 20_000,
    '/api/customers/%00',
    '/api/customers/' + '%2F' * 3_000,
    '/api/customers/..%2f..%2f..%2fetc%2fpasswd',
    '/api/uploads/' + '9' * 5_000,
    '/api/exports/' + 'x' * 20_000,
    '/assets/..%2f..%2fmain.py',
    '/assets/%2e%2e/%2e%2e/main.py',
    '/assets/%00',
    '/' + 'x' * 60_000,
    '/.' + '/' * 10_000,
    '/%ff%fe',
    '/api/%0d%0aSet-Cookie:%20x=1',
    '/_nicegui/../../etc/passwd',
    '/login?next=' + '//evil.example' * 1_000,
)


async def test_addresses_of_another_kind(board: Board, rest: httpx.AsyncClient) -> None:
    async with unharmed(board) as log:
        for address in ADDRESSES:
            answer = await rest.get(address)
            assert answer.status_code in (200, 303, 400, 403, 404, 414, 431), (address[:60], answer.text[:300])
            assert_tells_nothing(answer.text + str(answer.headers), board)
        assert 'ERROR' not in log.text


HEADERS = (
    {'Authorization': 'Bearer ' + 'x.' * 20_000},
    {'Authorization': 'Bearer ' + 'e30.' * 2_000},
    {'Authorization': 'Basic ' + 'x' * 30_000},
    {'Cookie': 'churnboard_session=' + 'x' * 30_000},
    {'Cookie': ';' * 30_000},
    {'Cookie': 'a=b;' * 8_000},
    {'Accept-Language': 'de,' * 10_000},
    {'Accept-Language': 'de;q=' + '9' * 30_000},
    {'If-None-Match': '"x",' * 8_000},
    {'Range': 'bytes=' + '0-1,' * 8_000},
    {'Origin': 'http://' + '[' * 10_000},
    {'Host': 'a/b?c'},
    {'Host': '[' * 1_000},
    {'X-Forwarded-For': '1.2.3.4,' * 5_000},
    {'X-Forwarded-Prefix': '//evil.example'},
    {'Content-Type': 'multipart/form-data; boundary=' + 'x' * 30_000},
    {'User-Agent': '(' * 30_000},
    {'Accept-Encoding': 'gzip,' * 8_000},
)


@pytest.mark.parametrize('path', ['/api/live-data', '/login', '/'])
async def test_headers_of_another_kind(board: Board, rest: httpx.AsyncClient, path: str) -> None:
    async with unharmed(board) as log:
        for headers in HEADERS:
            answer = await rest.get(path, headers=headers)
            assert answer.status_code in (200, 303, 304, 400, 401, 403, 404, 431), (headers, answer.text[:300])
            assert_tells_nothing(answer.text if path.startswith('/api') else '', board)
            assert 'evil' not in answer.headers.get('location', '')
        assert 'ERROR' not in log.text
