"""Uploads by REST and what the live connections hear of them: real server process, both databases."""

from __future__ import annotations

import csv
import io
import secrets
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from services import sessions, users
from services.clock import system_clock
from services.models import Prediction
from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.live import listening

GOOD = b'customer_id,churn_score\nA,0.5\nB,0.75\n'
BAD = b'customer_id,churn_score\nA,0.5\n=B,75\n'
ENDED = ('done', 'failed')


@pytest.fixture
def rest(board: Board, alice: Person) -> Iterator[httpx.Client]:
    with board.rest(alice.token) as client:
        yield client


def upload(rest: httpx.Client, content: Any, status: int = 202, **parameters: Any) -> dict[str, Any]:
    answer = rest.post('/api/uploads', params={'name': 'scores.csv', **parameters}, content=content)
    assert answer.status_code == status, answer.text
    data: dict[str, Any] = answer.json()['data']
    return data


def look(rest: httpx.Client, upload_id: str) -> dict[str, Any]:
    answer = rest.get(f'/api/uploads/{upload_id}')
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()['data']
    return data


def wait_for(rest: httpx.Client, upload_id: str, *states: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while (data := look(rest, upload_id))['state'] not in states:
        assert time.monotonic() < until, data
        time.sleep(0.01)
    return data


def take(rest: httpx.Client, content: Any, **parameters: Any) -> dict[str, Any]:
    return wait_for(rest, upload(rest, content, **parameters)['id'], *ENDED)


def total(rest: httpx.Client) -> int:
    number: int = rest.get('/api/live-data').json()['data']['metrics']['total_predictions']
    return number


def files(board: Board) -> set[Path]:
    return {path for path in (board.folder / 'data' / 'uploads').rglob('*') if path.is_file()}


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()['error']['code']


def test_a_real_file_is_taken_in_and_undone(telco: Path, rest: httpx.Client) -> None:
    file = telco / 'predictions-2026-10-05.csv'
    rows = len(file.read_text().splitlines()) - 1
    with file.open('rb') as content:
        began = upload(rest, content, name=file.name)
    assert (began['state'], began['name'], began['bytes']) == ('checking', file.name, file.stat().st_size)
    done = wait_for(rest, began['id'], *ENDED)
    assert (done['state'], done['rows'], done['stored'], done['accepted']) == ('done', rows, rows, rows)
    assert done['message'].startswith(f'{rows:,} rows taken')
    assert total(rest) == rows
    (source,) = rest.get('/api/uploads').json()['data']
    assert (source['id'], source['name'], source['accepted']) == (done['source_id'], file.name, rows)
    removed = rest.delete(f'/api/uploads/{source["id"]}')
    assert removed.json() == {'success': True, 'data': {'deleted': rows, 'restored': 0}}
    assert total(rest) == 0
    assert rest.get('/api/uploads').json()['data'] == []


def test_sources_are_listed_newest_first(rest: httpx.Client) -> None:
    rest.post('/api/predictions', json=[{'customer_id': 'A', 'churn_score': 0.1}])
    for name in ('one.csv', 'two.csv'):
        take(rest, GOOD + name.encode() + b',0.1\n', name=name)
    sources = rest.get('/api/uploads').json()['data']
    assert [(source['kind'], source['name']) for source in sources] == [
        ('file', 'two.csv'),
        ('file', 'one.csv'),
        ('api', ''),
    ]
    assert rest.get(f'/api/uploads/{sources[1]["id"]}').json()['data'] == sources[1]


def test_a_file_is_looked_at_first_and_started_with_its_columns(rest: httpx.Client) -> None:
    content = b'Account;Risk;status\nA;0.5;whatever\nB;0.75;\n'
    ready = upload(rest, content, preview='true')
    assert ready['state'] == 'ready'
    assert ready['preview']['format'] == 'csv'
    assert ready['preview']['compressed'] is False
    assert ready['preview']['columns'] == ['Account', 'Risk', 'status']
    assert ready['preview']['rows'] == [['A', '0.5', 'whatever'], ['B', '0.75', '']]
    assert total(rest) == 0
    mapping = {'Account': 'customer_id', 'Risk': 'churn_score', 'status': ''}
    began = rest.post(f'/api/uploads/{ready["id"]}/start', json={'mapping': mapping, 'partial': False})
    assert (began.status_code, began.json()['data']['state']) == (202, 'checking')
    done = wait_for(rest, ready['id'], *ENDED)
    assert (done['state'], done['accepted']) == ('done', 2)
    assert 'Unused columns: status' in done['message']


def test_columns_may_be_named_with_the_file(rest: httpx.Client) -> None:
    done = take(rest, b'a=b,Risk\nA,0.5\n', map=['a=b=customer_id', 'Risk=churn_score'])
    assert (done['state'], done['accepted']) == ('done', 1)


def test_a_file_that_cannot_be_looked_at_is_refused_and_not_kept(board: Board, rest: httpx.Client) -> None:
    before = files(board)
    answer = rest.post('/api/uploads', params={'name': 'x.csv', 'preview': 'true'}, content=b'\n\n')
    assert error(answer) == (400, 'invalid_request')
    assert files(board) == before


def test_bad_rows_stop_a_file_and_can_be_fetched_and_left_out(rest: httpx.Client) -> None:
    failed = take(rest, BAD, name='Kündigungen "März".csv')
    assert (failed['state'], failed['rejected'], failed['source_id']) == ('failed', 1, None)
    assert failed['message'].startswith('Nothing was taken: 1 row is not valid. First: line 3, churn_score')
    assert total(rest) == 0
    listed = rest.get(f'/api/uploads/{failed["id"]}/errors')
    assert listed.headers['content-type'] == 'text/csv; charset=utf-8'
    assert listed.headers['content-disposition'].startswith('attachment;')
    assert listed.headers['cache-control'] == 'no-store'
    rows = list(csv.reader(io.StringIO(listed.text, newline='')))
    assert [row[:3] for row in rows] == [['line', 'column', 'value'], ['3', 'churn_score', '75']]
    rest.post(f'/api/uploads/{failed["id"]}/start', json={'partial': True})
    done = wait_for(rest, failed['id'], *ENDED)
    assert (done['state'], done['accepted'], done['rejected'], total(rest)) == ('done', 1, 1, 1)


def test_partial_takes_the_good_rows_at_once(rest: httpx.Client) -> None:
    done = take(rest, BAD, partial='true')
    assert (done['state'], done['accepted'], done['rejected']) == ('done', 1, 1)


def test_without_rejected_rows_there_is_no_list_of_them(rest: httpx.Client) -> None:
    done = take(rest, GOOD)
    assert error(rest.get(f'/api/uploads/{done["id"]}/errors')) == (404, 'not_found')


def test_the_same_bytes_again_are_done_at_once_and_change_nothing(rest: httpx.Client) -> None:
    first = take(rest, GOOD)
    again = upload(rest, GOOD, status=200, name='other.csv', preview='true')
    assert (again['state'], again['source_id'], again['accepted']) == ('done', first['source_id'], 0)
    assert 'taken in already' in again['message']
    assert total(rest) == 2


def test_a_done_upload_is_undone_by_its_own_id_and_others_are_forgotten(rest: httpx.Client) -> None:
    done = take(rest, GOOD)
    assert rest.delete(f'/api/uploads/{done["id"]}').json()['data'] == {'deleted': 2, 'restored': 0}
    assert total(rest) == 0
    for waiting in (upload(rest, GOOD, preview='true'), take(rest, BAD)):
        assert rest.delete(f'/api/uploads/{waiting["id"]}').json()['data'] == {'deleted': 0, 'restored': 0}
        assert error(rest.get(f'/api/uploads/{waiting["id"]}')) == (404, 'not_found')


@pytest.mark.parametrize('upload_id', ['1', '0', '9' * 18, '9' * 40, '٧', 'u123', 'x%2Fy'])
def test_what_is_not_there_can_be_neither_seen_nor_undone(rest: httpx.Client, upload_id: str) -> None:
    assert error(rest.delete(f'/api/uploads/{upload_id}')) == (404, 'not_found')
    assert error(rest.get(f'/api/uploads/{upload_id}')) == (404, 'not_found')


def test_another_users_upload_is_not_there(board: Board, rest: httpx.Client, bob: Person) -> None:
    failed, done = take(rest, BAD), take(rest, GOOD)
    with board.rest(bob.token) as other:
        for answer in (
            other.get(f'/api/uploads/{failed["id"]}'),
            other.get(f'/api/uploads/{failed["id"]}/errors'),
            other.post(f'/api/uploads/{failed["id"]}/start', json={'partial': True}),
            other.delete(f'/api/uploads/{failed["id"]}'),
            other.get(f'/api/uploads/{done["source_id"]}'),
            other.delete(f'/api/uploads/{done["source_id"]}'),
        ):
            assert error(answer) == (404, 'not_found')
        assert other.get('/api/uploads').json()['data'] == []
        assert take(other, GOOD)['accepted'] == 2
    assert total(rest) == 2


def test_a_form_is_refused_with_the_line_to_use_instead(board: Board, rest: httpx.Client) -> None:
    answer = rest.post('/api/uploads', files={'file': ('scores.csv', GOOD)})
    assert error(answer) == (400, 'invalid_request')
    assert answer.json()['error']['field'] == 'Content-Type'
    assert 'curl -X POST -T scores.csv' in answer.json()['error']['message']
    assert f'{board.url}/api/uploads?name=scores.csv' in answer.json()['error']['message']


@pytest.mark.parametrize('kind', ['text/csv', 'application/x-www-form-urlencoded', 'application/octet-stream', ''])
def test_any_other_kind_of_body_is_the_file(rest: httpx.Client, kind: str) -> None:
    answer = rest.post('/api/uploads', params={'name': 'x'}, content=GOOD, headers={'Content-Type': kind})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ('parameters', 'field'),
    [
        ({}, 'name'),
        ({'name': '..'}, 'name'),
        ({'name': ['a', 'b']}, 'name'),
        ({'name': 'x', 'colour': 'red'}, 'colour'),
        ({'name': 'x', 'partial': 'perhaps'}, 'partial'),
        ({'name': 'x', 'preview': 'true', 'partial': 'true'}, 'preview'),
        ({'name': 'x', 'map': 'Account'}, 'map'),
        ({'name': 'x', 'map': 'Account=colour'}, 'map'),
        ({'name': 'x', 'map': '=customer_id'}, 'map'),
        ({'name': 'x', 'map': ['A=customer_id', 'A=churn_score']}, 'map'),
    ],
)
def test_a_bad_parameter_is_named(rest: httpx.Client, parameters: dict[str, Any], field: str) -> None:
    answer = rest.post('/api/uploads', params=parameters, content=GOOD)
    assert (answer.status_code, answer.json()['error'].get('field')) == (400, field)


@pytest.mark.parametrize(
    'body',
    [
        b'[]',
        b'{',
        b'\xff',
        b'[' * 30_000,
        b'{"mapping": []}',
        b'{"mapping": {"A": 1}}',
        b'{"mapping": {"A": "colour"}}',
        b'{"partial": "yes"}',
        rb'{"\ud800": 1}',
        rb'{"mapping": {"\ud800": "\ud800"}}',
    ],
)
def test_a_start_that_cannot_be_understood_starts_nothing(rest: httpx.Client, body: bytes) -> None:
    ready = upload(rest, GOOD, preview='true')
    answer = rest.post(f'/api/uploads/{ready["id"]}/start', content=body)
    assert error(answer) == (400, 'invalid_request')
    assert look(rest, ready['id'])['state'] == 'ready'


def test_more_than_five_that_are_not_done_are_refused(rest: httpx.Client) -> None:
    for _ in range(5):
        upload(rest, GOOD, preview='true')
    answer = rest.post('/api/uploads', params={'name': 'x'}, content=GOOD)
    assert error(answer) == (429, 'rate_limited')
    assert int(answer.headers['retry-after']) > 0


def test_uploads_need_somebody(board: Board) -> None:
    assert error(httpx.post(f'{board.url}/api/uploads?name=x', content=GOOD)) == (401, 'invalid_token')
    assert error(httpx.get(f'{board.url}/api/uploads')) == (401, 'invalid_token')


def test_a_page_may_upload_by_its_cookie_and_another_site_may_not(board: Board, alice: Person) -> None:
    cookie = secrets.token_urlsafe(32)
    with board.database() as database, database.writing() as session:
        now = system_clock()
        user = users.find(session, alice.email)
        sessions.start(session, user, sessions.hash_of(cookie), now=now, expires_at=now + timedelta(hours=1))
    headers = {'Cookie': f'churnboard_session={cookie}'}
    for origin, status in ((board.url, 202), ('https://evil.example', 403)):
        answer = httpx.post(f'{board.url}/api/uploads?name=x', content=GOOD, headers={**headers, 'Origin': origin})
        assert answer.status_code == status, answer.text


def test_of_a_file_that_is_cut_off_nothing_is_left(board: Board, alice: Person) -> None:
    before = files(board)
    head = (
        f'POST /api/uploads?name=x.csv HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {alice.token}\r\n'
        'Content-Length: 3000000\r\n\r\n'
    )
    with socket.create_connection(('127.0.0.1', board.port), timeout=10) as connection:
        connection.sendall(head.encode() + GOOD.ljust(2_000_000, b'\n'))
        until = time.monotonic() + 10
        while not files(board) - before:
            assert time.monotonic() < until, 'nothing arrived'
            time.sleep(0.01)
    until = time.monotonic() + 10
    while files(board) - before:
        assert time.monotonic() < until, 'a part of it is left'
        time.sleep(0.01)


async def test_how_an_upload_goes_on_is_heard_by_its_user_alone(board: Board, alice: Person, bob: Person) -> None:
    headers = {'Authorization': f'Bearer {alice.token}'}
    async with (
        listening(board.url, alice.token) as live,
        listening(board.url, bob.token) as other,
        httpx.AsyncClient(base_url=board.url, headers=headers) as rest,
    ):
        began = await rest.post('/api/uploads', params={'name': 'x', 'partial': 'true'}, content=BAD)
        upload_id = began.json()['data']['id']
        last = await live.next('upload_progress', where=lambda data: data['state'] == 'done')
        assert last == {'id': upload_id, 'rows': 2, 'rejected': 1, 'state': 'done'}
        states = [data['state'] for data in live.of('upload_progress')]
        assert list(dict.fromkeys(states)) == ['ready', 'checking', 'storing', 'done']
        assert (await live.next('new_prediction'))['customer_id'] == 'A'
        assert other.of('upload_progress') == []


def test_a_customer_is_deleted_with_all_predictions(rest: httpx.Client) -> None:
    rows = [{'customer_id': name, 'churn_score': score} for name in ('a/b c', 'd') for score in (0.1, 0.9)]
    rest.post('/api/predictions', json=rows)
    assert rest.delete('/api/customers/a%2Fb%20c').json() == {'success': True, 'data': {'deleted': 2}}
    assert total(rest) == 2
    for gone in ('a%2Fb%20c', 'nobody', '', '%00', 'a%0Ab', '%FF'):
        assert error(rest.delete(f'/api/customers/{gone}')) == (404, 'not_found')


def test_a_customer_of_another_user_is_not_there(board: Board, rest: httpx.Client, bob: Person) -> None:
    rest.post('/api/predictions', json=[{'customer_id': 'A', 'churn_score': 0.1}])
    with board.rest(bob.token) as other:
        assert error(other.delete('/api/customers/A')) == (404, 'not_found')
    assert total(rest) == 1


def test_a_kill_takes_nothing_leaves_nothing_and_too_much_is_refused(tmp_path: Path, database_url: str) -> None:
    """One server for all of it: starting one takes longer than the rest."""
    settings = {'MAX_UPLOAD_MB': '2'}
    board = Board(tmp_path, settings)
    if database_url.startswith('postgresql'):
        settings['DATABASE_URL'] = database_url
        assert board.command('db', 'upgrade').returncode == 0
    board.start()
    content = b'customer_id,churn_score\n' + b''.join(b'C%d,0.5\n' % number for number in range(30_000))
    with board.rest(board.add_user('alice@example.com')) as rest:
        for too_much in (bytes(2_000_001), iter([bytes(65_536)] * 40)):
            answer = rest.post('/api/uploads', params={'name': 'x'}, content=too_much)
            assert error(answer) == (413, 'too_large')
            assert files(board) == set()
        began = upload(rest, content)
        wait_for(rest, began['id'], 'storing')
        board.kill()
        assert files(board)
        board.start()
        assert total(rest) == 0
        assert rest.get('/api/uploads').json()['data'] == []
        assert error(rest.get(f'/api/uploads/{began["id"]}')) == (404, 'not_found')
        until = time.monotonic() + 10
        while files(board):
            assert time.monotonic() < until, 'the files were not swept'
            time.sleep(0.01)
        assert take(rest, GOOD)['accepted'] == 2
        wait_for(rest, upload(rest, content)['id'], 'storing')
    assert board.stop() == 0
    assert list((tmp_path / 'data' / 'uploads').iterdir()) == []
    assert 'Traceback' not in board.log, board.log
    with board.database() as database, database.reading() as session:
        taken = session.execute(select(func.count()).select_from(Prediction)).scalar_one()
    assert taken in (2, 30_002), 'a part of the file was taken'
