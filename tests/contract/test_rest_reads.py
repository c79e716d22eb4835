from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.board import Board
from tests.contract.conftest import Person

ROWS = [
    {
        'customer_id': f'c{number % 5}',
        'customer_name': f'Name {number % 5}',
        'churn_score': round(number / 25, 2),
        'predicted_at': f'2026-11-{10 + number // 3:02}T08:00:00Z',  # three at a time are of the same instant
        'external_id': f'x{number}',
        'account_value': 10 + number,
        'reasons': ['+late|often'],
    }
    for number in range(24)
]
NEWEST_FIRST = [str(number) for number in range(24, 0, -1)]


def fill(rest: httpx.Client) -> None:
    assert rest.post('/api/predictions', json=ROWS).json()['data']['accepted'] == len(ROWS)


def read_all(rest: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = ''
    while cursor is not None:
        data = rest.get('/api/predictions', params={**query, **({'cursor': cursor} if cursor else {})}).json()['data']
        items += data['items']
        cursor = data['next_cursor']
    return items


@pytest.mark.parametrize('limit', [1, 5, 24, 1000])
def test_pages_put_together_are_the_list(board: Board, alice: Person, limit: int) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        items = read_all(rest, limit=limit)
    assert [item['id'] for item in items] == NEWEST_FIRST
    assert items[0] == {
        'id': '24',
        'user_id': items[0]['user_id'],
        'churn_score': 0.92,
        'risk_level': 'high',
        'timestamp': '2026-11-17T08:00:00.000Z',
        'status': 'completed',
        'customer_id': 'c3',
        'customer_name': 'Name 3',
        'reasons': ['+late|often'],
        'account_value': 33.0,
        'external_id': 'x23',
    }


@pytest.mark.parametrize(
    'query', [{'risk': 'high'}, {'q': 'name 3'}, {'min_score': '0.5'}, {'from': '2026-11-12', 'to': '2026-11-14'}]
)
def test_a_list_holds_what_the_query_means(board: Board, alice: Person, query: dict[str, str]) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        items = read_all(rest, limit=2, **query)
        total = rest.get('/api/live-data', params=query).json()['data']['metrics']['total_predictions']
    assert 0 < len(items) == total < len(ROWS)
    assert sorted(items, key=lambda item: int(item['id']), reverse=True) == items


def test_rows_that_come_meanwhile_shift_no_page(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        first = rest.get('/api/predictions?limit=10').json()['data']
        rest.post('/api/predictions', json=[{'customer_id': 'new', 'churn_score': 0.5}])
        rest_of_it = rest.get('/api/predictions', params={'limit': 100, 'cursor': first['next_cursor']}).json()['data']
    assert [item['id'] for item in first['items'] + rest_of_it['items']] == NEWEST_FIRST


def test_a_cursor_is_good_for_its_own_list(board: Board, alice: Person, bob: Person) -> None:
    with board.rest(alice.token) as rest, board.rest(bob.token) as others:
        fill(rest)
        fill(others)
        cursor = rest.get('/api/predictions?limit=2').json()['data']['next_cursor']
        refused = [
            others.get('/api/predictions', params={'cursor': cursor}),
            rest.get('/api/predictions', params={'cursor': cursor, 'risk': 'high'}),
            *(rest.get('/api/predictions', params={'cursor': bad}) for bad in ('', 'x', 'e30', '%00', 'W10', 'é' * 99)),
        ]
    for answer in refused:
        assert (answer.status_code, answer.json()['error']['field']) == (400, 'cursor')


@pytest.mark.parametrize('limit', ['0', '1001', '-1', '1.5', 'ten', '٣', ''])
def test_a_limit_is_a_number_of_rows(board: Board, alice: Person, limit: str) -> None:
    with board.rest(alice.token) as rest:
        answer = rest.get('/api/predictions', params={'limit': limit})
    assert (answer.status_code, answer.json()['error']['field']) == (400, 'limit')


def test_nobody_reads_without_a_token_or_anothers(board: Board, alice: Person, bob: Person) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
    for path in ('/api/predictions', '/api/series'):
        assert httpx.get(board.url + path).status_code == 401
    with board.rest(bob.token) as rest:
        assert rest.get('/api/predictions').json()['data'] == {'items': [], 'next_cursor': None}
        assert rest.get('/api/series').json()['data']['customers'] == 0


def test_series_are_what_the_charts_show(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        answer = rest.get('/api/series')
        data = answer.json()['data']
        assert data['customers'] == 5
        assert sum(part['count'] for part in data['histogram']) == len(ROWS)
        assert [customer['churn_score'] for customer in data['at_risk']] == [0.92, 0.88, 0.84, 0.8, 0.76]
        assert [day['day'] for day in data['days']] == [day['day'] for day in data['risk_over_time']]
        assert sum(day['predictions'] for day in data['days']) == len(ROWS)
        assert all(('avg_churn_score' in day) == (day['predictions'] > 0) for day in data['days'])
        assert rest.get('/api/series', headers={'If-None-Match': answer.headers['ETag']}).status_code == 304
        high = rest.get('/api/series?risk=high').json()['data']
        assert {part['risk_level'] for part in high['histogram'] if part['count']} == {'high'}
        assert rest.get('/api/series?color=red').json()['error']['field'] == 'color'
