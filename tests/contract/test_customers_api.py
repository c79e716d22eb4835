from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from services.customer_schemas import CustomerDetail, CustomerPage
from services.prediction_rows import PredictionRow
from tests.board import Board
from tests.contract.conftest import Person
from tests.oracle import EPOCH, Oracle, Row, rows_of

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
CUSTOMERS = 23
ODD_IDS = [
    'a/b',
    '/',
    'a//b/',
    '%',
    '%2F',
    '100%25',
    '__proto__',
    'Ärger & Söhne',
    '🦊',
    '?q=1#x',
    ' padded',
    '.',
    '..',
]


def sent(number: int) -> dict[str, Any]:
    """Prediction number ``number``: of every customer three, with many equal scores and times."""
    row: dict[str, Any] = {
        'customer_id': f'c{number % CUSTOMERS:02}',
        'churn_score': number * 7 % 11 / 10,
        'predicted_at': (START + timedelta(days=number // 9)).isoformat(),
        'reasons': [f'+Reason {number}'],
        'status': ('completed', 'pending', 'failed')[number % 3],
    }
    if number % 4 == 0:
        row['customer_name'] = f'Firma {number % 5}'
    if number % 5 == 0:
        row['account_value'] = 100.5 + number
    return row


SENT = [sent(number) for number in range(3 * CUSTOMERS)]


def rows() -> list[Row]:
    return rows_of(
        PredictionRow(
            1,
            row['customer_id'],
            round(row['churn_score'] * 1_000_000),
            (datetime.fromisoformat(row['predicted_at']) - EPOCH) // timedelta(microseconds=1),
            customer_name=row.get('customer_name'),
            account_value=round(row['account_value'] * 1_000_000) if 'account_value' in row else None,
        )
        for row in SENT
    )


def stamp(at: datetime) -> str:
    return at.strftime('%Y-%m-%dT%H:%M:%S.000Z')


def expected(query: dict[str, str], *, sort: str) -> list[dict[str, Any]]:
    """The list worked out anew from what was sent."""
    every = rows()
    oracle = Oracle(every, now=datetime.now(UTC), query=query)
    latest = {row.customer: row for row in oracle.rows}
    by_id, by_risk = (lambda row: row.customer), (lambda row: (-row.score, -row.arrival))
    in_order = sorted(latest.values(), key=by_id if sort == 'id' else by_risk)
    if sort == 'change':
        in_order = [next(row for row in in_order if row.arrival == arrival) for arrival in oracle.by_change()]
    items = []
    for row in in_order:
        times = [other.at for other in every if other.customer == row.customer]
        item: dict[str, Any] = {
            'customer_id': row.customer,
            'customer_name': oracle.name(row.customer),
            'churn_score': row.score / 1_000_000,
            'risk_level': row.risk,
            'timestamp': stamp(row.at),
            'account_value': None if (value := oracle.value(row)) is None else value / 1_000_000,
            'reasons': SENT[row.arrival - 1]['reasons'],
            'change_7d': None if (change := oracle.change(row.customer)) is None else change / 1_000_000,
            'status': SENT[row.arrival - 1]['status'],
            'first_seen': stamp(min(times)),
            'last_seen': stamp(max(times)),
        }
        items.append({key: value for key, value in item.items() if value is not None})
    return items


def fill(rest: httpx.Client) -> None:
    assert rest.post('/api/predictions', json=SENT).json()['data']['accepted'] == len(SENT)


def read(rest: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = rest.get(path, params={key: value for key, value in parameters.items() if value is not None})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()['data']
    return data


def read_all(rest: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        data = read(rest, '/api/customers', cursor=cursor, **query)
        CustomerPage.model_validate_json(httpx.Response(200, json=data).content, strict=True, extra='forbid')
        items += data['items']
        cursor = data['next_cursor']
        if cursor is None:
            return items


def one(customer_id: str) -> str:
    # a dot alone would be taken out of the path by the client
    return f'/api/customers/{quote(customer_id, safe="").replace(".", "%2E")}'


QUERIES: list[dict[str, str]] = [
    {},
    {'from': '2026-11-03'},
    {'to': '2026-11-04'},
    {'from': '2026-11-02', 'to': '2026-11-05'},
    {'range': 'today'},
    {'risk': 'high'},
    {'risk': 'low,high'},
    {'min_score': '0.3', 'max_score': '0.6'},
    {'q': 'FIRMA 3'},
    {'q': 'c1', 'risk': 'medium', 'to': '2026-11-06'},
    {'source': 'nowhere.csv'},
]


@pytest.mark.parametrize('sort', ['risk', 'change', 'id'])
def test_pages_put_together_are_the_customers_of_the_query(board: Board, alice: Person, sort: str) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        for query in QUERIES:
            for limit in (4, 100):
                assert read_all(rest, sort=sort, limit=limit, **query) == expected(query, sort=sort), query
        for limit in (1, CUSTOMERS - 1, CUSTOMERS, CUSTOMERS + 1):
            assert read_all(rest, sort=sort, limit=limit) == expected({}, sort=sort)


def test_without_being_asked_the_list_is_by_risk_as_the_board_lists_those_at_risk(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        at_risk = [customer['customer_id'] for customer in read(rest, '/api/series')['at_risk']]
        assert [item['customer_id'] for item in read(rest, '/api/customers', limit=20)['items']] == at_risk


@pytest.mark.parametrize('sort', ['risk', 'change', 'id'])
@pytest.mark.parametrize('query', [{}, {'min_score': '0.1'}], ids=str)
def test_of_those_unchanged_none_comes_twice_or_is_lost_while_others_change(
    board: Board, alice: Person, sort: str, query: dict[str, str]
) -> None:
    before = expected(query, sort=sort)
    changed = {item['customer_id'] for item in before[::6]}
    with board.rest(alice.token) as rest:
        fill(rest)
        found: list[str] = []
        cursor: str | None = None
        for turn in range(20):
            data = read(rest, '/api/customers', limit=4, sort=sort, cursor=cursor, **query)
            found += [item['customer_id'] for item in data['items']]
            cursor = data['next_cursor']
            if cursor is None:
                break
            news = [{'customer_id': f'c{turn:02}new', 'churn_score': turn / 20}]
            news += [{'customer_id': customer, 'churn_score': (turn + 1) / 20} for customer in changed]
            assert rest.post('/api/predictions', json=news).json()['data']['accepted'] == len(news)
    unchanged = [item['customer_id'] for item in before if item['customer_id'] not in changed]
    assert [customer for customer in found if customer in unchanged] == unchanged


def test_revenue_at_risk_is_that_of_the_customers_of_the_query(board: Board, alice: Person, bob: Person) -> None:
    with board.rest(alice.token) as rest, board.rest(bob.token) as others:
        assert read(rest, '/api/revenue-at-risk') == {'customers': 0, 'with_value': 0}
        fill(rest)
        for query in QUERIES:
            customers, with_value, value = Oracle(rows(), now=datetime.now(UTC), query=query).revenue()
            sums = {'customers': customers, 'with_value': with_value}
            found = read(rest, '/api/revenue-at-risk', **query)
            assert found == (sums | {'account_value': value / 1_000_000} if with_value else sums), query
        assert read(others, '/api/revenue-at-risk') == {'customers': 0, 'with_value': 0}


def test_a_change_of_7_days_is_against_the_end_of_the_day_a_week_ago(board: Board, alice: Person) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moments = {'c8': timedelta(days=8), 'c7': timedelta(days=7), 'c6': timedelta(days=6, microseconds=1)}
    news = [
        {'customer_id': customer, 'churn_score': 0.25, 'predicted_at': (today - ago).isoformat()}
        for customer, ago in {**moments, 'late': timedelta(days=6)}.items()
    ]
    with board.rest(alice.token) as rest:
        rest.post('/api/predictions', json=news)
        rest.post('/api/predictions', json=[{'customer_id': row['customer_id'], 'churn_score': 0.75} for row in news])
        listed = {item['customer_id']: item.get('change_7d') for item in read(rest, '/api/customers')['items']}
        assert listed == {'c8': 0.5, 'c7': 0.5, 'c6': 0.5, 'late': None}
        assert {customer: read(rest, one(customer)).get('change_7d') for customer in listed} == listed
        a_week = read(rest, '/api/customers', range='7d')['items']
        assert [item.get('change_7d') for item in a_week] == [None] * 4, 'as everything else it is of the query alone'


def test_customers_are_their_owners_alone(board: Board, alice: Person, bob: Person) -> None:
    for path in ('/api/customers', '/api/customers/c01', '/api/revenue-at-risk'):
        assert httpx.get(board.url + path).status_code == 401
    with board.rest(alice.token) as rest, board.rest(bob.token) as others:
        fill(rest)
        assert read(others, '/api/customers') == {'items': [], 'next_cursor': None}
        cursor = read(rest, '/api/customers', limit=2)['next_cursor']
        assert others.get('/api/customers', params={'cursor': cursor}).json()['error']['field'] == 'cursor'
        refused = [others.get(path) for path in ('/api/customers/c01', '/api/customers/no-such', '/api/customers/')]
        etag = rest.get('/api/customers/c01').headers['ETag']
        refused.append(others.get('/api/customers/c01', headers={'If-None-Match': etag}))
        refused.append(rest.get('/api/customers/no-such'))
    assert {(answer.status_code, answer.content) for answer in refused} == {(404, refused[0].content)}
    assert refused[0].json()['error']['code'] == 'not_found'
    assert 'etag' not in refused[0].headers


def test_any_id_is_listed_shown_paged_after_and_deleted(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        news = [{'customer_id': customer, 'churn_score': 0.5} for customer in ODD_IDS]
        assert rest.post('/api/predictions', json=news).json()['data']['accepted'] == len(ODD_IDS)
        listed = [item['customer_id'] for item in read_all(rest, sort='id', limit=1)]
        assert sorted(listed) == sorted(item['customer_id'] for item in read_all(rest, sort='risk', limit=1))
        for customer in listed:
            assert read(rest, one(customer))['customer_id'] == customer
        for customer in listed:
            assert rest.delete(one(customer)).json()['data'] == {'deleted': 1}
            assert rest.get(one(customer)).status_code == 404
        # what takes an id as it is written, slashes and all
        rest.post('/api/predictions', json=[{'customer_id': 'a/b', 'churn_score': 0.5}])
        assert read(rest, '/api/customers/a/b')['customer_id'] == 'a/b'
    assert sorted(id.strip() for id in ODD_IDS) == sorted(listed)


def test_a_customer_is_shown_with_its_change_and_history(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        for item in expected({}, sort='id'):
            customer = item['customer_id']
            mine = sorted((row for row in rows() if row.customer == customer), key=lambda row: row.order, reverse=True)
            data = read(rest, one(customer))
            CustomerDetail.model_validate_json(httpx.Response(200, json=data).content, strict=True, extra='forbid')
            history = data.pop('history')
            assert data.pop('notes') == []
            assert data == {**item, 'predictions': 3, 'change': (mine[0].score - mine[1].score) / 1_000_000}
            assert [entry['id'] for entry in history['items']] == [str(row.arrival) for row in mine]
            assert history['next_cursor'] is None
            listed = read(rest, '/api/predictions', q=customer)['items']
            assert history['items'] == listed, 'the same predictions, told in the same words'


def test_the_first_prediction_is_no_change(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        rest.post('/api/predictions', json=[{'customer_id': 'c', 'churn_score': 0.5}])
        data = read(rest, '/api/customers/c')
        assert 'change' not in data
        assert data['predictions'] == 1
        rest.post('/api/predictions', json=[{'customer_id': 'c', 'churn_score': 0.5}])
        assert read(rest, '/api/customers/c')['change'] == 0


def test_a_history_is_read_page_by_page_and_by_days(board: Board, alice: Person) -> None:
    same = '2026-11-02T08:00:00Z'
    news = [{'customer_id': 'c', 'churn_score': number / 10, 'predicted_at': same} for number in range(5)]
    news += [
        {'customer_id': 'c', 'churn_score': 0.9, 'predicted_at': f'2026-11-{day:02}T08:00:00Z'} for day in (1, 3, 4)
    ]
    with board.rest(alice.token) as rest:
        rest.post('/api/predictions', json=news)
        for limit in (1, 2, 8):
            ids: list[str] = []
            cursor: str | None = None
            while True:
                history = read(rest, '/api/customers/c', limit=limit, cursor=cursor)['history']
                ids += [item['id'] for item in history['items']]
                cursor = history['next_cursor']
                if cursor is None:
                    break
                rest.post('/api/predictions', json=[{'customer_id': 'c', 'churn_score': 1}])
            assert [id for id in ids if int(id) <= 8] == ['8', '7', '5', '4', '3', '2', '1', '6'], limit
        days = read(rest, '/api/customers/c', **{'from': '2026-11-02', 'to': '2026-11-03', 'limit': 2})
        assert [item['id'] for item in days['history']['items']] == ['7', '5']
        assert days['churn_score'] == 1, 'the facts are of all predictions'
        cursor = days['history']['next_cursor']
        assert rest.get('/api/customers/c', params={'cursor': cursor}).json()['error']['field'] == 'cursor'
        none = read(rest, '/api/customers/c', **{'to': '2026-10-01'})
        assert none['history'] == {'items': [], 'next_cursor': None}


@pytest.mark.parametrize(
    ('path', 'field'),
    [
        ('/api/customers?sort=name', 'sort'),
        ('/api/customers?sort=', 'sort'),
        ('/api/customers?sort=risk&sort=id', 'sort'),
        ('/api/customers?limit=0', 'limit'),
        ('/api/customers?limit=1001', 'limit'),
        ('/api/customers?limit=٣', 'limit'),
        ('/api/customers?colour=red', 'colour'),
        ('/api/customers?risk=none', 'risk'),
        *((f'/api/customers?cursor={cursor}', 'cursor') for cursor in ('', 'x', 'e30', 'W10', '%00', 'é' * 99)),
        ('/api/customers/c?risk=high', 'risk'),
        ('/api/customers/c?q=c', 'q'),
        ('/api/customers/c?sort=id', 'sort'),
        ('/api/customers/c?range=week', 'range'),
        ('/api/customers/c?limit=1.5', 'limit'),
        ('/api/customers/c?cursor=x', 'cursor'),
        ('/api/customers/c?from=2026-11-02&from=2026-11-03', 'from'),
    ],
)
def test_what_is_not_understood_is_named(board: Board, alice: Person, path: str, field: str) -> None:
    with board.rest(alice.token) as rest:
        answer = rest.get(path)
    assert (answer.status_code, answer.json()['error']['field']) == (400, field)


def test_a_cursor_is_good_for_its_own_list(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        cursor = read(rest, '/api/customers', limit=2)['next_cursor']
        of_history = read(rest, '/api/customers/c01', limit=2)['history']['next_cursor']
        refused = [
            rest.get('/api/customers', params={'cursor': cursor, 'sort': 'id'}),
            rest.get('/api/customers', params={'cursor': cursor, 'risk': 'high'}),
            rest.get('/api/customers', params={'cursor': of_history}),
            rest.get('/api/predictions', params={'cursor': cursor}),
            rest.get('/api/customers/c02', params={'cursor': of_history}),
        ]
    assert {(answer.status_code, answer.json()['error']['field']) for answer in refused} == {(400, 'cursor')}


@pytest.mark.parametrize('path', ['/api/customers?limit=3', '/api/customers?q=c01', '/api/customers/c01'])
def test_what_has_not_changed_is_not_sent_again(board: Board, alice: Person, path: str) -> None:
    with board.rest(alice.token) as rest:
        fill(rest)
        first = rest.get(path)
        assert first.headers['Cache-Control'] == 'private, no-cache'
        known = {'If-None-Match': f'"other", W/{first.headers["ETag"]}'}
        again = rest.get(path, headers=known)
        assert (again.status_code, again.content, again.headers['ETag']) == (304, b'', first.headers['ETag'])
        other = rest.get(path.replace('limit=3', 'limit=4').replace('c01', 'c02'), headers=known)
        assert other.status_code == 200
        rest.post('/api/predictions', json=[{'customer_id': 'c01', 'churn_score': 1}])
        changed = rest.get(path, headers=known)
        assert (changed.status_code, changed.headers['ETag'] != first.headers['ETag']) == (200, True)
