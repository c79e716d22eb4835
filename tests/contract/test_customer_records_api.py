"""Notes, owners and snoozes over REST."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.customer_schemas import CustomerDetail, CustomerRecordData, NoteData
from tests.accounts import PASSWORD
from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.test_customers_api import ODD_IDS, one

NEXT_WEEK = (datetime.now(UTC).date() + timedelta(days=7)).isoformat()


@pytest.fixture
def rest(board: Board, alice: Person) -> Iterator[httpx.Client]:
    with board.rest(alice.token) as client:
        score(client, 'c1', 0.5)
        yield client


def score(rest: httpx.Client, customer: str, value: float) -> None:
    rest.post('/api/predictions', json=[{'customer_id': customer, 'churn_score': value}]).raise_for_status()


def data(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()['data']
    return found


def error(answer: httpx.Response) -> tuple[int, str, str | None]:
    found = answer.json()['error']
    return answer.status_code, found['code'], found.get('field')


def test_a_note_is_written_read_edited_and_deleted(rest: httpx.Client) -> None:
    note = data(rest.post('/api/customers/c1/notes', json={'text': 'Called Ana.\nFriday.'}), 201)
    NoteData.model_validate_json(httpx.Response(200, json=note).content, strict=True, extra='forbid')
    detail = rest.get('/api/customers/c1')
    CustomerDetail.model_validate_json(
        httpx.Response(200, json=detail.json()['data']).content, strict=True, extra='forbid'
    )
    assert data(detail)['notes'] == [note]
    edited = data(rest.patch(f'/api/notes/{note["id"]}', json={'text': 'Called Ana twice.'}))
    assert edited == {**note, 'text': 'Called Ana twice.', 'edited_at': edited['edited_at']}
    assert data(rest.delete(f'/api/notes/{note["id"]}')) == edited
    assert data(rest.get('/api/customers/c1'))['notes'] == []
    assert error(rest.delete(f'/api/notes/{note["id"]}')) == (404, 'not_found', None)


def test_whoever_knows_the_customer_learns_that_something_was_written(rest: httpx.Client) -> None:
    etag = rest.get('/api/customers/c1').headers['ETag']
    assert rest.get('/api/customers/c1', headers={'If-None-Match': etag}).status_code == 304
    for change in (
        lambda: rest.post('/api/customers/c1/notes', json={'text': 'x'}),
        lambda: rest.patch('/api/customers/c1', json={'owner': 'Maria'}),
        lambda: rest.patch('/api/customers/c1', json={'snoozed_until': NEXT_WEEK}),
    ):
        change()
        answer = rest.get('/api/customers/c1', headers={'If-None-Match': etag})
        assert answer.status_code == 200
        etag = answer.headers['ETag']


def test_owner_and_snooze_are_set_together_or_apart_and_taken_back(rest: httpx.Client) -> None:
    both = {'owner': 'Maria', 'snoozed_until': NEXT_WEEK, 'snooze_reason': 'on holiday'}
    answer = rest.patch('/api/customers/c1', json=both)
    assert data(answer) == both
    CustomerRecordData.model_validate_json(
        httpx.Response(200, json=answer.json()['data']).content, strict=True, extra='forbid'
    )
    assert {key: data(rest.get('/api/customers/c1')).get(key) for key in both} == both
    without = {key: value for key, value in both.items() if key != 'owner'}
    assert data(rest.patch('/api/customers/c1', json={'owner': None})) == without
    assert data(rest.patch('/api/customers/c1', json={'snoozed_until': None})) == {}


def test_the_charts_tell_who_is_snoozed_and_ten_points_more_wake_a_customer_up(rest: httpx.Client) -> None:
    rest.patch('/api/customers/c1', json={'snoozed_until': NEXT_WEEK, 'snooze_reason': 'why'})
    charts = data(rest.get('/api/series'))
    assert (charts['at_risk'], charts['snoozed_customers'], charts['customers']) == ([], 1, 1)
    assert charts['snoozed'][0]['customer_id'] == 'c1'
    assert (charts['snoozed'][0]['snoozed_until'], charts['snoozed'][0]['snooze_reason']) == (NEXT_WEEK, 'why')
    score(rest, 'c1', 0.6)
    charts = data(rest.get('/api/series'))
    assert ([customer['customer_id'] for customer in charts['at_risk']], charts['snoozed_customers']) == (['c1'], 0)
    assert data(rest.get('/api/customers/c1'))['woken_up'] is True


REFUSED: list[tuple[str, str, Any, str | None]] = [
    ('POST', '/api/customers/c1/notes', {'text': '  '}, 'text'),
    ('POST', '/api/customers/c1/notes', {'text': 'x' * 4_001}, 'text'),
    ('POST', '/api/customers/c1/notes', {'text': None}, 'text'),
    ('POST', '/api/customers/c1/notes', {}, 'text'),
    ('POST', '/api/customers/c1/notes', {'text': 'a\0b'}, 'text'),
    ('POST', '/api/customers/c1/notes', {'text': 'x', 'author': 'me'}, 'author'),
    ('POST', '/api/customers/c1/notes', [], None),
    ('PATCH', '/api/customers/c1', {}, None),
    ('PATCH', '/api/customers/c1', {'score': 1}, 'score'),
    ('PATCH', '/api/customers/c1', {'owner': 5}, 'owner'),
    ('PATCH', '/api/customers/c1', {'owner': 'x' * 101}, 'owner'),
    ('PATCH', '/api/customers/c1', {'owner': 'two\nlines'}, 'owner'),
    ('PATCH', '/api/customers/c1', {'snoozed_until': '2020-01-01'}, 'snoozed_until'),
    ('PATCH', '/api/customers/c1', {'snoozed_until': '9999-12-31'}, 'snoozed_until'),
    ('PATCH', '/api/customers/c1', {'snoozed_until': '2026-W48-1'}, 'snoozed_until'),
    ('PATCH', '/api/customers/c1', {'snoozed_until': ''}, 'snoozed_until'),
    ('PATCH', '/api/customers/c1', {'snoozed_until': ['x']}, 'snoozed_until'),
    ('PATCH', '/api/customers/c1', {'snooze_reason': 'alone'}, 'snooze_reason'),
    ('PATCH', '/api/customers/c1', {'snoozed_until': NEXT_WEEK, 'snooze_reason': 'x' * 301}, 'snooze_reason'),
]


@pytest.mark.parametrize(('method', 'path', 'body', 'field'), REFUSED, ids=str)
def test_what_will_not_do_is_refused_and_the_field_named(
    rest: httpx.Client, method: str, path: str, body: Any, field: str | None
) -> None:
    assert error(rest.request(method, path, json=body)) == (400, 'invalid_request', field)
    detail = data(rest.get('/api/customers/c1'))
    assert (detail['notes'], {'owner', 'snoozed_until'} & set(detail)) == ([], set())


@pytest.mark.parametrize('note', ['0', '-1', 'x', '1' * 30, '%D9%A1', '1.5', '999999'])
def test_a_note_that_is_not_there_is_not_there(rest: httpx.Client, note: str) -> None:
    for answer in (rest.patch(f'/api/notes/{note}', json={'text': 'x'}), rest.delete(f'/api/notes/{note}')):
        assert error(answer) == (404, 'not_found', None)


def test_customers_of_any_id_have_their_own_notes(rest: httpx.Client) -> None:
    ids = [*ODD_IDS, 'a/notes', 'a/notes/5', 'notes', '/notes']
    for customer in ids:
        score(rest, customer, 0.5)
    listed = [item['customer_id'] for item in data(rest.get('/api/customers'))['items']]
    for customer in listed:
        note = data(rest.post(f'{one(customer)}/notes', json={'text': customer}), 201)
        assert note['customer_id'] == customer
        assert data(rest.patch(one(customer), json={'owner': customer})) == {'owner': customer}
    for customer in listed:
        detail = data(rest.get(one(customer)))
        assert [note['text'] for note in detail['notes']] == [detail['owner']] == [customer]
    assert len(listed) == len(ids) + 1


def test_what_one_user_wrote_is_not_there_for_another(board: Board, rest: httpx.Client, bob: Person) -> None:
    note = data(rest.post('/api/customers/c1/notes', json={'text': 'secret of alice'}), 201)
    rest.patch('/api/customers/c1', json={'owner': 'secret of alice', 'snoozed_until': NEXT_WEEK})
    with board.rest(bob.token) as others:
        attempts = [
            others.patch(f'/api/notes/{note["id"]}', json={'text': 'x'}),
            others.delete(f'/api/notes/{note["id"]}'),
            others.patch('/api/customers/c1', json={'owner': 'x'}),
            others.post('/api/customers/c1/notes', json={'text': 'x'}),
        ]
        assert {answer.status_code for answer in attempts} == {404}
        nothing = others.patch('/api/notes/987654321', json={'text': 'x'})
        assert attempts[0].content == nothing.content, 'as if there were none'
        score(others, 'c1', 0.5)  # a customer of his own of the same id
        assert 'secret' not in others.get('/api/customers/c1').text
        assert others.patch(f'/api/notes/{note["id"]}', json={'text': 'x'}).status_code == 404
        assert data(others.get('/api/series'))['snoozed_customers'] == 0
    assert data(rest.get('/api/customers/c1'))['notes'] == [note]


def test_a_page_of_another_site_writes_nothing(board: Board, alice: Person, rest: httpx.Client) -> None:
    with httpx.Client(base_url=board.url) as browser:
        browser.post('/login', data={'email': alice.email, 'password': PASSWORD}, headers={'Origin': board.url})
        for origin, status in (('https://evil.example', 403), (board.url, 201)):
            answer = browser.post('/api/customers/c1/notes', json={'text': 'x'}, headers={'Origin': origin})
            assert answer.status_code == status
