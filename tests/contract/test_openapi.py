"""The OpenAPI document against the server: every call is described, and answers as the description says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from jsonschema import Draft202012Validator

from app.api.errors import STATUS
from app.factory import build
from app.routes import add_rest
from app.settings import Settings
from services import migrations
from services.database import Database
from tests.accounts import PASSWORD
from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.schema_documents import Document, answered, faults, operations, references

pytestmark = pytest.mark.parametrize('board', ['sqlite'], indirect=True)  # the database has no part in it

NO_DOCUMENTATION = {'/api/asyncapi', '/api/asyncapi.json', '/api/docs', '/api/openapi.json', '/api', '/api/{path}'}
"""The documents themselves, and what says that there is no such address."""

WITHOUT_TOKEN = {('post', '/api/auth/token'), ('get', '/api/exports/{token}')}


@pytest.fixture
def document(board: Board, alice: Person) -> Document:
    with board.rest(alice.token) as rest:
        answer = rest.get('/api/openapi.json')
    assert answer.headers['Cache-Control'] == 'private, no-cache'
    found: Document = answer.json()
    return found


def examples(value: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """All (schema, example) of a document."""
    if isinstance(value, dict):
        if 'example' in value and 'schema' in value:
            yield value['schema'], value['example']
        for inner in value.values():
            yield from examples(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from examples(inner)


# --- the document itself


@pytest.fixture(scope='module')
def routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """(method, path) of everything under ``/api``, read off the app."""
    folder: Path = tmp_path_factory.mktemp('routes')
    database = Database.open(f'sqlite:///{folder}/x.sqlite3')
    migrations.upgrade(database)
    app = FastAPI()
    services = build(Settings.from_env({'CHURNBOARD_DATA_DIR': str(folder)}), database)
    add_rest(app, services)
    found = [route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute)]
    services.hub.close()
    services.exports.close()
    services.auth.close()
    database.close()
    return {
        (method.lower(), str(route.path_format))
        for route in found
        for method in route.methods or ()
        if str(route.path_format).startswith('/api')
    }


def test_every_call_is_described_and_every_description_is_of_a_call(
    document: Document, routes: set[tuple[str, str]]
) -> None:
    described = {(method, path) for method, path, _ in operations(document)}
    assert described == {(method, path) for method, path in routes if path not in NO_DOCUMENTATION}
    assert {path for _, path in routes} >= NO_DOCUMENTATION


def test_every_reference_leads_somewhere(document: Document) -> None:
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix('#/').split('/'):
            assert part in place, reference
            place = place[part]


def test_every_schema_is_one_and_every_example_keeps_to_it(document: Document) -> None:
    for schema in document['components']['schemas'].values():
        Draft202012Validator.check_schema(schema)
        assert 'title' not in schema or schema['title'].startswith('Body')
    found = list(examples(document))
    for schema, example in found:
        assert faults(document, schema, example) == [], example
    assert len(found) > 50


def test_every_call_says_what_it_is_and_shows_an_answer(document: Document) -> None:
    tags = {tag['name'] for tag in document['tags']}
    ids = [operation['operationId'] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for method, path, operation in operations(document):
        assert operation['summary'] and operation['description'] and set(operation['tags']) <= tags, path
        assert bool(operation.get('security')) == ((method, path) not in WITHOUT_TOKEN), path
        for status, answer in operation['responses'].items():
            assert answer.get('description') or '$ref' in answer
            for kind, media in answer.get('content', {}).items():
                assert kind != 'application/json' or not media or 'example' in media, (path, status)


def test_every_error_is_described_with_its_own_code(document: Document) -> None:
    responses = document['components']['responses']
    assert set(responses) == set(STATUS)
    for code, response in responses.items():
        assert response['content']['application/json']['example']['error']['code'] == code
        assert ('headers' in response) == (code in ('rate_limited', 'unavailable'))
    for method, path, operation in operations(document):
        failing = {status: answer for status, answer in operation['responses'].items() if int(status) >= 400}
        assert {'503'} <= set(failing), path
        for status, answer in failing.items():
            assert STATUS[answer['$ref'].rpartition('/')[2]] == int(status), path
        assert ('403' in failing) == ((method, path) not in WITHOUT_TOKEN), path


def test_an_absent_key_is_not_required_and_never_null(document: Document) -> None:
    """But those that are always there may be."""
    for name, schema in document['components']['schemas'].items():
        for key, value in schema.get('properties', {}).items():
            if {'type': 'null'} in value.get('anyOf', ()) and not name.startswith('Body'):
                assert key in schema['required'], (name, key)


# --- against the server

ROWS = [
    {
        'customer_id': f'c{number % 3}',
        'churn_score': number / 10,
        'customer_name': 'Fjord',
        'reasons': ['+Logins down'],
        'external_id': f'x{number}',
        'account_value': 12.5,
    }
    for number in range(6)
]


@pytest.fixture
def filled(board: Board, alice: Person) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """A client of one who has some of everything, and what to put into the paths."""
    with board.rest(alice.token) as rest:
        assert rest.post('/api/predictions', json=ROWS).status_code == 200
        bad = b'customer_id,churn_score\nd1,0.5\nd2,2\n'
        upload = rest.post('/api/uploads?name=bad.csv&preview=true', content=bad).json()['data']['id']
        rest.post(f'/api/uploads/{upload}/start', json={'partial': False})
        while rest.get(f'/api/uploads/{upload}').json()['data']['state'] not in ('done', 'failed'):
            pass
        export = rest.post('/api/exports', json={'format': 'csv'}).json()['data']
        key = rest.post('/api/keys', json={'name': 'nightly', 'scope': 'read'}).json()['data']
        note = rest.post('/api/customers/c1/notes', json={'text': 'Called Ana.'}).json()['data']
        view = rest.post('/api/views', json={'name': 'north', 'query': {'q': 'north'}}).json()['data']
        yield (
            rest,
            {
                'customer_id': 'c1',
                'upload_id': upload,
                'export_id': export['id'],
                'key_id': key['id'],
                'note_id': note['id'],
                'view_id': view['id'],
                'token': export['url'].rpartition('/')[2],
            },
        )


def test_what_can_be_read_is_answered_as_described(
    document: Document, filled: tuple[httpx.Client, dict[str, str]]
) -> None:
    rest, ids = filled
    for method, path, operation in operations(document):
        if method == 'get':
            answer = rest.get(path.format(**ids))
            assert answer.status_code == 200, (path, answer.text)
            assert answered(document, operation, answer) == [], path
            if etag := answer.headers.get('ETag'):
                known = rest.get(path.format(**ids), headers={'If-None-Match': etag})
                assert str(known.status_code) in operation['responses'], path
    source = rest.get('/api/uploads').json()['data'][0]['id']
    by_number = rest.get(f'/api/uploads/{source}')
    assert answered(document, document['paths']['/api/uploads/{upload_id}']['get'], by_number) == []
    for query in ('limit=1', 'sort=id&limit=1&risk=low', 'q=nobody'):
        page = rest.get(f'/api/customers?{query}')
        assert answered(document, document['paths']['/api/customers']['get'], page) == []


def test_what_changes_something_answers_as_described(
    board: Board, document: Document, alice: Person, filled: tuple[httpx.Client, dict[str, str]]
) -> None:
    rest, ids = filled
    paths = document['paths']
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    calls = [
        ('post', '/api/predictions', 200, {'json': ROWS}),
        ('post', '/api/predictions', 422, {'json': [{'customer_id': 'c', 'churn_score': 2}]}),
        ('post', '/api/predictions', 400, {'json': {}}),
        ('post', '/api/predictions', 413, {'content': b'[' + b' ' * 9_000_000 + b']'}),
        ('post', '/api/exports', 201, {'json': {'format': 'json'}}),
        ('post', '/api/exports', 400, {'json': {'format': 'doc'}}),
        ('post', '/api/uploads', 202, {'content': b'customer_id,churn_score\ne,0.5\n', 'params': {'name': 'e.csv'}}),
        ('post', '/api/uploads', 400, {'content': b'x'}),
        ('post', '/api/uploads/{upload_id}/start', 202, {'json': {'partial': True}}),
        ('post', '/api/uploads/{upload_id}/start', 400, {'json': {'colour': 'red'}}),
        ('patch', '/api/customers/{customer_id}', 200, {'json': {'owner': 'Maria'}}),
        ('patch', '/api/customers/{customer_id}', 200, {'json': {'snoozed_until': tomorrow, 'snooze_reason': 'why'}}),
        ('patch', '/api/customers/{customer_id}', 400, {'json': {'colour': 'red'}}),
        ('patch', '/api/customers/{customer_id}', 413, {'content': b'"' + b' ' * 100_000}),
        ('post', '/api/customers/{customer_id}/notes', 201, {'json': {'text': 'Another.'}}),
        ('post', '/api/customers/{customer_id}/notes', 400, {'json': {'text': ''}}),
        ('patch', '/api/notes/{note_id}', 200, {'json': {'text': 'Called Ana twice.'}}),
        ('patch', '/api/notes/{note_id}', 400, {'json': {}}),
        ('get', '/api/customers/{customer_id}', 200, {}),
        ('delete', '/api/notes/{note_id}', 200, {}),
        ('delete', '/api/notes/{note_id}', 404, {}),
        ('delete', '/api/customers/{customer_id}', 200, {}),
        ('delete', '/api/customers/{customer_id}', 404, {}),
        ('patch', '/api/customers/{customer_id}', 404, {'json': {'owner': 'Maria'}}),
        ('post', '/api/customers/{customer_id}/notes', 404, {'json': {'text': 'x'}}),
        ('post', '/api/keys', 201, {'json': {'name': 'another', 'scope': 'ingest'}}),
        ('post', '/api/keys', 400, {'json': {'name': 'another', 'scope': 'ingest'}}),
        ('delete', '/api/keys/{key_id}', 200, {}),
        ('post', '/api/views', 201, {'json': {'name': 'late', 'query': {'from': '2026-11-01', 'min_score': 0.4}}}),
        ('post', '/api/views', 400, {'json': {'name': 'North', 'query': {}}}),
        ('post', '/api/views', 400, {'json': {'name': 'x', 'query': {'colour': 'red'}}}),
        ('get', '/api/views', 200, {}),
        ('patch', '/api/views/{view_id}', 200, {'json': {'name': 'South', 'query': {'risk': ['high'], 'range': '7d'}}}),
        ('patch', '/api/views/{view_id}', 400, {'json': {}}),
        ('delete', '/api/views/{view_id}', 200, {}),
        ('delete', '/api/views/{view_id}', 404, {}),
        ('patch', '/api/views/{view_id}', 404, {'json': {'name': 'x'}}),
        ('post', '/api/auth/renew', 200, {}),
        ('post', '/api/auth/revoke', 400, {'json': {'token': 5}}),
        ('post', '/api/auth/revoke', 200, {}),
        ('post', '/api/auth/renew', 401, {}),
    ]
    for method, path, status, given in calls:
        headers = {'Content-Type': 'application/json'} if path == '/api/predictions' else {}
        answer = rest.request(method, path.format(**ids), headers=headers, **given)
        assert answer.status_code == status, (path, answer.text)
        assert answered(document, paths[path][method], answer) == [], (path, status)
    for form, status in (({'username': alice.email, 'password': PASSWORD}, 200), ({'username': 'x'}, 400)):
        answer = httpx.post(f'{board.url}/api/auth/token', data=form)
        assert answer.status_code == status
        assert answered(document, paths['/api/auth/token']['post'], answer) == []
    wrong = httpx.post(f'{board.url}/api/auth/token', data={'username': alice.email, 'password': 'wrong'})
    assert (wrong.status_code, answered(document, paths['/api/auth/token']['post'], wrong)) == (401, [])


def test_nobody_gets_anything_without_a_token_and_is_told_as_described(board: Board, document: Document) -> None:
    for method, path, operation in operations(document):
        if (method, path) in WITHOUT_TOKEN:
            continue
        answer = httpx.request(method, board.url + path.replace('{', '').replace('}', ''))
        assert answer.status_code == 401, path
        assert answered(document, operation, answer) == [], path
        assert answer.json()['error']['code'] == 'invalid_token'


def test_what_is_not_there_or_not_understood_is_told_as_described(
    document: Document, filled: tuple[httpx.Client, dict[str, str]]
) -> None:
    rest, ids = filled
    for method, path, operation in operations(document):
        if method == 'get' and '{' in path:
            answer = rest.get(path.replace('{', 'no-').replace('}', ''))
            assert (answer.status_code, answered(document, operation, answer)) == (404, []), path
        takes = operation.get('parameters', ())
        if method == 'get' and any(parameter['in'] == 'query' for parameter in takes):
            answer = rest.get(path.format(**ids), params={'colour': 'red'})
            assert (answer.status_code, answered(document, operation, answer)) == (400, []), path
            for parameter in takes:
                if parameter['in'] == 'query' and parameter['name'] != 'cursor':
                    known = {parameter['name']: parameter['example']}
                    assert rest.get(path.format(**ids), params=known).status_code == 200, (path, known)


def test_the_document_and_its_page_are_for_who_is_signed_in(board: Board, alice: Person) -> None:
    with board.rest(alice.token) as rest:
        assert rest.get('/api/openapi.json').json()['servers'] == [{'url': board.url}]
        page = rest.get('/api/docs')
    assert page.headers['content-type'].startswith('text/html')
    for path, word in (('/api/customers/{customer_id}', 'Needed'), ('/api/live-data', 'engagement_score')):
        assert path in page.text
        assert word in page.text
    assert '<script' not in page.text
    assert 'style=' not in page.text
    with httpx.Client(base_url=board.url) as anyone:
        assert anyone.get('/api/openapi.json').status_code == 401
        asked = anyone.get('/api/docs')
        assert (asked.status_code, asked.headers['location']) == (303, '/login?next=/api/docs')
        assert anyone.get('/api/docs', headers={'Authorization': 'Bearer forged'}).status_code == 401
        anyone.post('/login', data={'email': alice.email, 'password': PASSWORD, 'next': '/api/docs'})
        assert anyone.get('/api/docs').status_code == 200
        assert anyone.get('/api/openapi.json').status_code == 200
