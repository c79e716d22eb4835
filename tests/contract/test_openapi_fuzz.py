"""Requests made up from the served OpenAPI document: each is answered as the document says, and harms nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import jwt
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.api.errors import STATUS
from services.clock import system_clock
from services.tokens import Tokens
from tests.accounts import SECRET
from tests.board import Board
from tests.contract.raw_engine import NO_CERTIFICATES
from tests.contract.schema_documents import Document, answered, operations
from tests.contract.schema_values import ANYTHING, ODD_TEXTS, SchemaValues
from tests.contract.watched import assert_tells_nothing, unharmed, watched_board

SETTINGS = {'EXPORTS_PER_MINUTE': '100000'}
AT_ONCE = 4

SIGN_IN = '/api/auth/token'
"""Left out: whoever fails there again and again waits longer and longer, as others test."""

NAMES = ('customer_id', 'upload_id', 'export_id', 'key_id', 'note_id', 'view_id', 'token')
ROWS = [
    {'customer_id': f'c{number % 3}', 'churn_score': number / 10, 'customer_name': 'Fjord', 'reasons': ['+Logins down']}
    for number in range(10)
]

ODD_BODIES = [
    b'',
    b'{',
    b'[' * 50_000,
    b'{"a":' * 10_000,
    b'9' * 50_000,
    b'\xff\xfe',
    b'"' + b'x' * 70_000,
]

fuzzing = partial(
    settings,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Call(NamedTuple):
    """A request; its address holds names in braces until it is sent."""

    method: str
    path: str
    operation: dict[str, Any]
    query: list[tuple[str, str]]
    body: bytes | None
    kind: str
    odd: dict[str, str]
    """What stands in the address in place of what there is."""


MadeCalls = st.SearchStrategy[tuple[Call, ...]]


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with watched_board(tmp_path_factory.mktemp('openapi-fuzz'), **SETTINGS) as board:
        yield board


class Caller:
    """One who has some of everything, and shows another token with each request: some of them end theirs."""

    def __init__(self, board: Board, document: Document, name: str) -> None:
        claims = jwt.decode(board.add_user(f'{name}@example.com'), options={'verify_signature': False})
        self._user_id = int(claims['sub'])
        self._tokens = Tokens(SECRET, max_seconds=3600, clock=system_clock)
        self.board = board
        self.document = document
        with board.rest(self.token()) as rest:
            self.ids = ids_of(rest)

    def token(self) -> str:
        return self._tokens.issue(self._user_id, 0, seconds=3600)


def ids_of(rest: httpx.Client) -> dict[str, str]:
    """What to put into paths."""
    assert rest.post('/api/predictions', json=ROWS).status_code == 200
    upload = rest.post('/api/uploads?name=bad.csv&preview=true', content=b'customer_id,churn_score\nd1,2\n').json()
    export = rest.post('/api/exports', json={'format': 'csv'}).json()['data']
    made = {
        'key_id': rest.post('/api/keys', json={'name': 'nightly', 'scope': 'read'}),
        'note_id': rest.post('/api/customers/c1/notes', json={'text': 'Called Ana.'}),
        'view_id': rest.post('/api/views', json={'name': 'north', 'query': {'q': 'north'}}),
    }
    return {
        'customer_id': 'c1',
        'upload_id': upload['data']['id'],
        'export_id': export['id'],
        'token': export['url'].rpartition('/')[2],
        **{name: answer.json()['data']['id'] for name, answer in made.items()},
    }


@pytest.fixture(scope='module')
def document(board: Board) -> Document:
    with board.rest(board.add_user('alice@example.com')) as rest:
        found: Document = rest.get('/api/openapi.json').json()
    return found


@pytest.fixture(scope='module')
def made(document: Document) -> MadeCalls:
    """One of each operation."""
    values = SchemaValues(document)
    return st.tuples(*(call(values, *operation) for operation in operations(document) if operation[1] != SIGN_IN))


def call(values: SchemaValues, method: str, path: str, operation: dict[str, Any]) -> st.SearchStrategy[Call]:
    pairs = [
        st.tuples(st.just(each['name']), values.any(each['schema']).map(in_query))
        for each in operation.get('parameters', ())
        if each['in'] == 'query'
    ]
    odd_pairs = st.tuples(st.one_of(st.sampled_from(['colour', 'token', 'q', 'limit']), ODD_TEXTS), ODD_TEXTS)
    return st.builds(
        Call,
        st.just(method),
        st.just(path),
        st.just(operation),
        st.lists(st.one_of(*pairs, *pairs, odd_pairs) if pairs else odd_pairs, max_size=3 if pairs else 1),
        *body(values, operation),
        st.one_of(st.just({}), st.just({}), st.fixed_dictionaries(dict.fromkeys(NAMES, ODD_TEXTS))),
    )


def body(values: SchemaValues, operation: dict[str, Any]) -> tuple[st.SearchStrategy[Any], st.SearchStrategy[str]]:
    kinds = operation.get('requestBody', {}).get('content', {})
    if 'application/json' not in kinds:
        return st.one_of(st.none(), st.binary(max_size=200)), st.sampled_from(['', 'text/csv', 'application/json'])
    wanted = values.valid(kinds['application/json']['schema']).map(json.dumps).map(encoded)
    odd = st.one_of(
        ANYTHING.map(json.dumps).map(encoded),
        st.binary(max_size=30),
        st.sampled_from(
            [b'', b'{', b'[' * 50_000, b'{"a":' * 10_000, b'9' * 50_000, b'\xff\xfe', b'"' + b'x' * 70_000]
        ),
    )
    usual = 'application/json'
    return st.one_of(wanted, wanted, wanted, odd), st.sampled_from([usual, usual, usual, 'text/plain', ''])


def encoded(text: str) -> bytes:
    return text.encode(errors='replace')


def in_query(value: Any) -> str:
    return ','.join(map(str, value)) if isinstance(value, list) else str(value)


def address(call: Call, ids: dict[str, str]) -> str:
    path = call.path
    for name in NAMES:
        path = path.replace(f'{{{name}}}', quote(call.odd.get(name, ids[name]), safe='', errors='replace'))
    query = '&'.join(
        f'{quote(name, safe="", errors="replace")}={quote(value, safe="", errors="replace")}'
        for name, value in call.query
    )
    return f'{path}?{query}' if query else path


def may_be_another(call: Call) -> bool:
    """Whether the address may be none of that call: a part of it is missing, or several."""
    return any(f'{{{name}}}' in call.path and (not odd or '/' in odd) for name, odd in call.odd.items())


async def send(http: httpx.AsyncClient, caller: Caller, call: Call) -> None:
    headers = {'Authorization': f'Bearer {caller.token()}'} | ({'Content-Type': call.kind} if call.kind else {})
    url = address(call, caller.ids)
    answer = await http.request(call.method.upper(), url, content=call.body, headers=headers)
    said = f'{call.method} {url[:300]} {call.body!r:.300} -> {answer.status_code} {answer.text[:300]}'
    assert_tells_nothing(answer.text, caller.board)
    if answer.status_code in (404, 405) and may_be_another(call):
        assert answer.json()['error']['code'] in STATUS, said
        return
    assert answer.status_code < 500, said
    assert answered(caller.document, call.operation, answer) == [], said
    if answer.status_code >= 400:
        assert STATUS[answer.json()['error']['code']] == answer.status_code, said


async def all_answered(board: Board, document: Document, calls: Sequence[Call]) -> None:
    caller = Caller(board, document, f'mallory{next(_numbers)}')
    at_once = asyncio.Semaphore(AT_ONCE)

    async def one(http: httpx.AsyncClient, call: Call) -> None:
        async with at_once:
            await send(http, caller, call)

    async with (
        unharmed(board) as log,
        httpx.AsyncClient(base_url=board.url, verify=NO_CERTIFICATES, timeout=60) as http,
    ):
        await asyncio.gather(*(one(http, call) for call in calls))
    assert 'ERROR' not in log.text, log.text


_numbers = itertools.count(1)


@fuzzing(max_examples=8, derandomize=True)
@given(data=st.data())
def test_whatever_is_sent_is_answered_as_the_document_says(
    board: Board, document: Document, made: MadeCalls, data: st.DataObject
) -> None:
    asyncio.run(all_answered(board, document, data.draw(made)))


@pytest.mark.long
@fuzzing(max_examples=500)
@given(data=st.data())
def test_and_so_is_everything_else(board: Board, document: Document, made: MadeCalls, data: st.DataObject) -> None:
    asyncio.run(all_answered(board, document, data.draw(made)))
