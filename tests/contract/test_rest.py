"""REST as a program sees it: real server process, both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
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


@pytest.fixture
def rest(board: Board, alice: Person) -> Iterator[httpx.Client]:
    with board.rest(alice.token) as client:
        yield client


def test_live_data_of_a_new_user_is_all_zero(rest: httpx.Client) -> None:
    data = rest.get('/api/live-data').json()['data']
    assert list(data['metrics'].items()) == [
        ('total_predictions', 0),
        ('avg_churn_score', 0.0),
        ('high_risk_predictions', 0),
        ('medium_risk_predictions', 0),
        ('low_risk_predictions', 0),
        ('engagement_score', 0.0),
        ('retention_rate', 0.0),
        ('active_users_today', 0),
        ('new_predictions_today', 0),
    ]
    assert data['recent_activity'] == data['alerts'] == []
    assert set(data['trends'].values()) == {'stable'}


def test_what_is_posted_is_there_at_once(rest: httpx.Client) -> None:
    rows = [
        {'customer_id': 'c1', 'churn_score': 0.9, 'customer_name': 'Ärger & Söhne', 'reasons': ['+Logins down']},
        {'customer_id': 'c2', 'churn_score': 0.1, 'predicted_at': '2026-01-01T00:00:00+02:00', 'account_value': 9.5},
    ]
    answer = rest.post('/api/predictions', json=rows)
    assert answer.json() == {
        'success': True,
        'data': {'accepted': 2, 'corrected': 0, 'duplicates': 0, 'rejected': 0, 'errors': []},
    }
    data = rest.get('/api/live-data').json()['data']
    assert data['metrics']['total_predictions'] == 2
    newest, older = data['recent_activity']
    assert newest['customer_name'] == 'Ärger & Söhne'
    assert newest['reasons'] == ['+Logins down']
    assert 'file_name' not in newest
    assert older['timestamp'] == '2025-12-31T22:00:00.000Z'


def test_the_same_external_id_corrects_and_the_same_row_changes_nothing(rest: httpx.Client) -> None:
    row = {
        'customer_id': 'c1',
        'churn_score': 0.9,
        'external_id': 'x',
        'predicted_at': '2026-01-01T00:00:00Z',
    }
    assert rest.post('/api/predictions', json=[row]).json()['data']['accepted'] == 1
    assert rest.post('/api/predictions', json=[row]).json()['data']['duplicates'] == 1
    assert rest.post('/api/predictions', json=[{**row, 'churn_score': 0.2}]).json()['data']['corrected'] == 1
    assert rest.get('/api/live-data').json()['data']['metrics']['low_risk_predictions'] == 1


def test_ndjson_is_taken_line_by_line(rest: httpx.Client) -> None:
    body = '{"customer_id": "c1", "churn_score": 0.5}\n\n{"customer_id": "c2", "churn_score": 0.6}\n'
    answer = rest.post('/api/predictions', content=body, headers={'Content-Type': 'application/x-ndjson'})
    assert answer.json()['data']['accepted'] == 2


def test_a_bad_row_is_named_and_nothing_is_taken(rest: httpx.Client) -> None:
    rows = [{'customer_id': 'c1', 'churn_score': 0.5}, {'customer_id': 'c2', 'churn_score': 1.5}]
    answer = rest.post('/api/predictions', json=rows)
    assert answer.status_code == 422
    error = answer.json()['error']
    assert error['code'] == 'invalid_rows'
    assert [(row['line'], row['column'], row['value']) for row in error['errors']] == [(2, 'churn_score', '1.5')]
    assert rest.get('/api/live-data').json()['data']['metrics']['total_predictions'] == 0


def test_partial_takes_the_good_rows_and_lists_the_bad(rest: httpx.Client) -> None:
    rows = [{'customer_id': 'c1', 'churn_score': 0.5}, {'customer_id': '', 'churn_score': 0.5}]
    answer = rest.post('/api/predictions', params={'partial': 'true'}, json=rows)
    data = answer.json()['data']
    assert (answer.status_code, data['accepted'], data['rejected']) == (200, 1, 1)
    assert data['errors'][0]['column'] == 'customer_id'


@pytest.mark.parametrize(
    ('body', 'kind', 'status', 'code'),
    [
        (b'', 'application/json', 400, 'invalid_request'),
        (b'{}', 'application/json', 400, 'invalid_request'),
        (b'[1]', 'application/json', 422, 'invalid_rows'),
        (b'\xff\xfe', 'application/json', 400, 'invalid_request'),
        (b'[' * 40_000, 'application/json', 400, 'invalid_request'),
        (b'[]', 'text/plain', 400, 'invalid_request'),
        (json.dumps([{'customer_id': 'c', 'churn_score': 1}] * 10_001).encode(), 'application/json', 413, 'too_large'),
        (b' ' * (8 * 1024 * 1024 + 1), 'application/json', 413, 'too_large'),
    ],
)
def test_a_body_that_cannot_be_read_is_a_clear_error(
    rest: httpx.Client, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = rest.post('/api/predictions', content=body, headers={'Content-Type': kind})
    assert (answer.status_code, answer.json()['error']['code']) == (status, code)
    assert 'Traceback' not in answer.text


@pytest.mark.parametrize(
    ('parameters', 'field'),
    [
        ({'risk': 'highest'}, 'risk'),
        ({'rsk': 'high'}, 'rsk'),
        ({'range': '8d'}, 'range'),
        ({'range': '7d', 'from': '2026-01-01'}, 'range'),
        ({'from': '2026-01-02', 'to': '2026-01-01'}, 'from'),
        ({'min_score': 'NaN'}, 'min_score'),
        ({'max_score': ['0.1', '0.2']}, 'max_score'),
        ({'q': ''}, 'q'),
        ({'q': 'x' * 101}, 'q'),
    ],
)
def test_a_bad_parameter_is_named(rest: httpx.Client, parameters: dict[str, Any], field: str) -> None:
    answer = rest.get('/api/live-data', params=parameters)
    assert (answer.status_code, answer.json()['error']['field']) == (400, field)


def test_the_query_means_the_same_for_numbers_and_exports(rest: httpx.Client) -> None:
    scores = [0.1, 0.4, 0.5, 0.7, 0.95]
    rows = [{'customer_id': f'c{index}', 'churn_score': score} for index, score in enumerate(scores)]
    rest.post('/api/predictions', json=rows)
    query = [('risk', 'medium'), ('risk', 'high'), ('max_score', '0.9')]
    numbers = rest.get('/api/live-data', params=query).json()['data']['metrics']
    granted = rest.post('/api/exports', params=query, json={'format': 'json'}).json()['data']
    exported = rest.get(granted['url'])
    assert numbers['total_predictions'] == granted['rows'] == 3
    assert {row['churn_score'] for row in exported.json()} == {0.4, 0.5, 0.7}
    assert 'attachment' in exported.headers['content-disposition']


@pytest.mark.parametrize('end', ['password', 'disabled', 'signed out', 'nothing'])
def test_an_export_link_ends_with_what_it_was_given_to(board: Board, alice: Person, end: str) -> None:
    with board.database() as database, database.writing() as session:
        user = users.find(session, alice.email)
        now = system_clock()
        cookie = sessions.hash_of(f'{alice.email} {end}')
        sessions.start(session, user, cookie, now=now, expires_at=now + timedelta(hours=1))
        assert user.id is not None
        tokens = Tokens(SECRET, max_seconds=3600, clock=system_clock)
        token = tokens.issue(user.id, user.token_version, seconds=3600, session_hash=cookie)
    with board.rest(token) as rest:
        url = rest.post('/api/exports', json={'format': 'csv'}).json()['data']['url']
    with board.database() as database, database.writing() as session:
        if end == 'password':
            users.set_password_hash(session, alice.email, 'another hash')
        elif end == 'disabled':
            users.set_disabled(session, alice.email, disabled=True)
        elif end == 'signed out':
            assert sessions.end(session, cookie)
    answer = httpx.get(f'{board.url}{url}')
    assert answer.status_code == (200 if end == 'nothing' else 404)


def test_what_is_answered_after_the_commit_can_always_be_written(rest: httpx.Client) -> None:
    bad = (
        r'{"customer_id": "\ud800\u0000", "churn_score": 1}',
        r'{"\udfff": 1}',
        r'{"customer_id": "A", "churn_score": "\ud800"}',
        r'"\ud800"',
        '1' * 5000,
    )
    rows = f'[{{"customer_id": "A", "churn_score": 1}}, {", ".join(bad)}]'.encode()
    answer = rest.post(
        '/api/predictions', params={'partial': 'true'}, content=rows, headers={'Content-Type': 'application/json'}
    )
    assert (answer.status_code, answer.json()['data']['accepted'], answer.json()['data']['rejected']) == (200, 1, 5)


def test_csv_export_guards_formulas_and_can_be_imported_again(board: Board, rest: httpx.Client, tmp_path: Any) -> None:
    rest.post('/api/predictions', json=[{'customer_id': 'c1', 'churn_score': 0.25, 'customer_name': '=SUM(A1)'}])
    url = rest.post('/api/exports', json={'format': 'csv'}).json()['data']['url']
    text = rest.get(url).text
    assert "'=SUM(A1)" in text
    file = tmp_path / 'again.csv'
    file.write_text(text)
    bob = 'bob-imports@example.com'
    token = board.add_user(bob)
    done = board.command('import', str(file), '--user', bob)
    assert done.returncode == 0, done.stderr
    with board.rest(token) as other:
        assert other.get('/api/live-data').json()['data']['metrics']['avg_churn_score'] == 0.25


def test_an_etag_saves_the_body_until_something_changes(rest: httpx.Client) -> None:
    first = rest.get('/api/live-data')
    tag = first.headers['etag']
    again = rest.get('/api/live-data', headers={'If-None-Match': tag})
    assert (again.status_code, again.content) == (304, b'')
    rest.post('/api/predictions', json=[{'customer_id': 'c1', 'churn_score': 0.5}])
    assert rest.get('/api/live-data', headers={'If-None-Match': tag}).status_code == 200


def test_a_token_is_given_for_email_and_password_as_oauth2_says(board: Board, alice: Person) -> None:
    form = {'username': alice.email, 'password': 'violet kettle ninety-one', 'grant_type': 'password'}
    answer = httpx.post(f'{board.url}/api/auth/token', data=form)
    assert list(answer.json()) == ['access_token', 'token_type', 'expires_in']
    with board.rest(answer.json()['access_token']) as client:
        assert client.get('/api/live-data').status_code == 200


def test_a_wrong_password_says_no_more_than_an_unknown_user(board: Board, alice: Person) -> None:
    def refuse(email: str) -> Any:
        answer = httpx.post(f'{board.url}/api/auth/token', data={'username': email, 'password': 'not the password 1'})
        assert answer.status_code == 401
        return answer.json()

    assert refuse(alice.email) == refuse('nobody@example.com')


@pytest.mark.parametrize('token', ['x', 'a.b.c', 'Bearer x', 'x' * 5000])
def test_every_bad_token_gets_the_same_answer(board: Board, token: str) -> None:
    answer = httpx.get(f'{board.url}/api/live-data', headers={'Authorization': f'Bearer {token}'})
    assert answer.status_code == 401
    assert answer.headers['www-authenticate'] == 'Bearer error="invalid_token"'
    assert answer.json()['error']['code'] == 'invalid_token'


def test_without_a_token_no_error_is_named(board: Board) -> None:
    answer = httpx.get(f'{board.url}/api/live-data')
    assert (answer.status_code, answer.headers['www-authenticate']) == (401, 'Bearer')


def test_a_disabled_user_is_refused_and_an_enabled_one_needs_a_new_token(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        assert board.command('user', 'disable', alice.email).returncode == 0
        assert rest.get('/api/live-data').status_code == 401
        assert board.command('user', 'enable', alice.email).returncode == 0
        assert rest.get('/api/live-data').status_code == 401
    done = board.command('token', alice.email)
    with board.rest(done.stdout.strip()) as rest:
        assert rest.get('/api/live-data').status_code == 200


@pytest.mark.parametrize(
    ('method', 'path', 'status'),
    [
        ('GET', '/api/nothing', 404),
        ('GET', '/api', 404),
        ('PUT', '/api/predictions', 405),
        ('DELETE', '/api/live-data', 405),
        ('GET', '/nothing', 404),
        ('GET', '/assets/../main.py', 404),
        ('GET', '/assets/nothing.css', 404),
        ('GET', '/docs', 404),
        ('GET', '/openapi.json', 404),
    ],
)
def test_what_is_not_there_is_not_there(board: Board, method: str, path: str, status: int) -> None:
    assert httpx.request(method, board.url + path).status_code == status
