"""The AsyncAPI document against the server: everything a session hears is what the document and its classes say."""

from __future__ import annotations

import ast
import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from jsonschema import Draft7Validator
from pydantic import TypeAdapter, ValidationError

from services.actions import actions
from services.asyncapi import asyncapi
from services.errors import ChurnboardError
from services.protocol_events import ACTIONS, SENT, TAKEN
from services.protocol_examples import EXAMPLES
from services.protocol_schemas import ActionOutcome, Connected, ErrorCode, Failure
from tests.board import ROOT, Board
from tests.contract.live import Listener, listening
from tests.contract.schema_documents import references

ORIGIN = 'https://board.example.com'
EVENTS = {event.name: event for event in (*SENT, *TAKEN)}
PAYLOADS = {name: event.payload for name, event in EVENTS.items()}
ROW = {'customer_id': 'c1', 'churn_score': 0.9, 'customer_name': 'Fjord', 'reasons': ['+Logins down']}
HEARS = 12
"""Seconds until the server starts talking about what it was sent, at the latest."""

NOT_ON_THE_SOCKET = {'invalid_credentials', 'invalid_rows'}
"""Codes of sign-in and of rows taken in: REST alone answers with them."""


@pytest.fixture(scope='module')
def document() -> dict[str, Any]:
    return asyncapi(ORIGIN)


@pytest.fixture(scope='module')
def own_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A server of its own: it is stopped while a client listens."""
    board = Board(tmp_path_factory.mktemp('asyncapi'), {'REFRESH_SECONDS': '0.5'})
    board.start()
    yield board
    board.stop()


def strict(document: Mapping[str, Any], name: str) -> Draft7Validator:
    """Of an event's data, that takes no key the document does not name."""
    schemas = {key: _closed(schema) for key, schema in document['components']['schemas'].items()}
    payload = document['components']['messages'][name]['payload']
    return Draft7Validator({**payload, 'components': {'schemas': schemas}})


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, 'additionalProperties': False} if 'properties' in schema else schema


def faults(document: Mapping[str, Any], event: str, payload: Any) -> list[str]:
    """What is wrong with it, by the document and by the class."""
    wrong = [error.message for error in strict(document, event).iter_errors(payload)]
    try:
        TypeAdapter(PAYLOADS[event]).validate_json(orjson.dumps(payload), strict=True, extra='forbid')
    except ValidationError as error:
        wrong.append(str(error))
    return wrong


def as_class(kind: Any, payload: Any) -> Any:
    return TypeAdapter(kind).validate_json(orjson.dumps(payload), strict=True, extra='forbid')


# --- the document itself


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = list(references(document))
    assert found
    for reference in found:
        place: Any = document
        for part in reference.removeprefix('#/').split('/'):
            assert part in place, reference
            place = place[part]


def test_each_event_is_an_operation_in_its_direction(document: dict[str, Any]) -> None:
    operations = {
        (operation['action'], operation['messages'][0]['$ref'].rpartition('/')[2])
        for operation in document['operations'].values()
    }
    assert operations == {('send', event.name) for event in SENT} | {('receive', event.name) for event in TAKEN}


@pytest.mark.parametrize('name', EVENTS)
def test_its_schemas_are_schemas_and_its_examples_keep_to_them(document: dict[str, Any], name: str) -> None:
    validator = strict(document, name)
    validator.check_schema(validator.schema)
    assert EXAMPLES[name]
    for example in document['components']['messages'][name]['examples']:
        assert faults(document, name, example['payload']) == [], example['name']


def test_a_payload_with_another_key_or_type_is_not_taken(document: dict[str, Any]) -> None:
    """What the other tests rely on."""
    update = next(iter(EXAMPLES['dashboard_update'].values()))
    assert len(faults(document, 'dashboard_update', {**update, 'extra': 1})) == 2
    assert len(faults(document, 'dashboard_update', {**update, 'seq': '1'})) == 2
    metrics = {**update['metrics'], 'extra': 1}
    assert len(faults(document, 'dashboard_update', {**update, 'metrics': metrics})) == 2
    assert faults(document, 'dashboard_update', {**update, 'state': None}) != []


def test_the_server_is_the_one_that_was_asked(document: dict[str, Any]) -> None:
    assert document['servers']['churnboard']['host'] == 'board.example.com'
    assert document['servers']['churnboard']['protocol'] == 'wss'
    assert asyncapi('http://127.0.0.1:8080')['servers']['churnboard']['protocol'] == 'ws'


def test_every_error_code_is_explained(document: dict[str, Any]) -> None:
    codes = {kind.code for kind in ChurnboardError.__subclasses__()} | {'token_expired'}
    assert codes - NOT_ON_THE_SOCKET == set(ErrorCode)
    assert set(document['x-error-codes']) == set(ErrorCode)


# --- against the code


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text('utf-8'))) if isinstance(node, ast.Call))


def emitted() -> set[str]:
    """The events that the code sends: named in a call of the emitter, or in a frame written by hand."""
    names = set()
    for path in (ROOT / 'services').glob('*.py'):
        for call in calls(path):
            function = ast.unparse(call.func)
            if function.endswith(('emitter.push', 'emitter.tell', 'emitter.send', 'emitter.answer')):
                event = call.args[1]
                assert isinstance(event, ast.Constant), f'{path.name}: {ast.unparse(call)}'
                names.add(event.value)
            elif function.endswith('.send_text') and (frame := _frame(call.args[0])):
                names.add(frame)
    return names


def _frame(argument: ast.expr) -> str | None:
    """The event of ``b'2["error",%b]' % ...``; none where the event is a parameter."""
    text = next((node.value for node in ast.walk(argument) if isinstance(node, ast.Constant)), None)
    name = text.split(b'"')[1].decode() if isinstance(text, bytes) and text.startswith(b'2["') else ''
    return name if name.isidentifier() else None


def handled() -> set[str]:
    names = [
        call.args[0] for call in calls(ROOT / 'services/socket_service.py') if ast.unparse(call.func) == 'server.on'
    ]
    return {name.value for name in names if isinstance(name, ast.Constant)}


def test_the_events_of_the_code_are_those_of_the_document() -> None:
    assert emitted() == {event.name for event in SENT}
    assert handled() - {'disconnect', '*'} == {event.name for event in TAKEN}
    assert list(actions(None)) == list(ACTIONS)  # type: ignore[arg-type]


def test_the_written_protocol_names_the_same() -> None:
    text = (ROOT / 'docs/PROTOCOL.md').read_text('utf-8')
    rows = [line.split('|')[1].strip().strip('`') for line in text.splitlines() if line.startswith('|')]
    named = {row for row in rows if row.isidentifier()} - {'event', 'action', 'code'}
    assert named == {*EVENTS, *ACTIONS, *ErrorCode}


# --- against the server


class Session:
    """Everything the connections of one user heard."""

    def __init__(self, board: Board, token: str) -> None:
        self.board = board
        self.token = token
        self.listeners: list[Listener] = []
        self.acknowledgements: list[tuple[Any, Any]] = []

    @asynccontextmanager
    async def connected(self, token: str | None = None, **auth: Any) -> AsyncIterator[Listener]:
        async with listening(self.board.url, token or self.token, **auth) as live:
            self.listeners.append(live)
            yield live

    async def call(self, live: Listener, event: str, data: Any, *, kind: Any) -> Any:
        """Keeps the acknowledgement and the class it has to be of."""
        told = await live.client.call(event, data, timeout=10)
        self.acknowledgements.append((kind, told))
        return told

    async def action(self, live: Listener, action: str, data: Any, *, kind: Any = ActionOutcome) -> Any:
        return await self.call(live, 'user_action', {'action': action, 'data': data}, kind=kind)

    async def send(self, *rows: dict[str, Any]) -> None:
        async with self._rest() as rest:
            assert (await rest.post('/api/predictions', json=list(rows))).status_code == 200

    async def upload(self, text: str) -> None:
        async with self._rest() as rest:
            answer = await rest.post('/api/uploads?name=scores.csv', content=text, headers={'Content-Type': 'text/csv'})
            assert answer.status_code == 202, answer.text

    def _rest(self) -> httpx.AsyncClient:
        headers = {'Authorization': f'Bearer {self.token}'}
        return httpx.AsyncClient(base_url=self.board.url, headers=headers, timeout=30)

    @property
    def heard(self) -> dict[str, list[Any]]:
        found = defaultdict(list)
        for listener in self.listeners:
            for event, payload in listener.heard:
                found[event].append(payload)
        return found


async def ask(session: Session, live: Listener) -> None:
    """Every action, and every kind of wrong request."""
    await session.action(live, 'filter', {'risk': ['high'], 'q': 'fjord', 'min_score': 0.1, 'max_score': 1})
    await session.action(live, 'date_range', {'range': '7d'})
    await session.action(live, 'date_range', {'from': '2026-01-01', 'to': '2026-01-31'})
    await session.action(live, 'date_range', {})
    await session.action(live, 'filter', {})
    await session.action(live, 'refresh', {})
    for fmt in ('csv', 'json'):
        granted = await session.action(live, 'export', {'format': fmt})
        assert granted['rows'] > 0
    await session.action(live, 'filter', {'risk': ['huge']}, kind=Failure)
    await session.action(live, 'explode', {}, kind=Failure)
    await session.call(live, 'nonsense', {}, kind=Failure)
    await session.call(live, 'request_dashboard_data', {'since': 'yesterday'}, kind=Failure)
    await session.call(live, 'authenticate', {'token': session.token}, kind=Connected)
    await session.call(live, 'authenticate', {'token': 'forged'}, kind=Failure)


async def flood(live: Listener) -> None:
    """More events at once than a connection may send."""
    for _ in range(60):
        await live.client.emit('request_dashboard_data', {})
    await live.next('error', where=lambda error: error['code'] == 'rate_limited')


async def refused(session: Session) -> None:
    """Connections that are not let in, and one that ends with its token."""
    async with session.connected('forged') as live:
        await live.next('connected')
    async with session.connected(updates='sometimes') as live:
        await live.next('connected')
    short = session.board.add_user('short@example.com', seconds=3)
    async with session.connected(short) as live:
        await asyncio.wait_for(live.disconnected.wait(), timeout=30)


async def everything(session: Session) -> None:
    """A session in which every event occurs."""
    ending = asyncio.create_task(refused(session))
    async with session.connected() as full, session.connected(updates='changes') as changes:
        first = await changes.next('dashboard_update')
        await session.send(*({**ROW, 'customer_id': f'calm{n}', 'churn_score': 0.1} for n in range(4)))
        await session.send(*({**ROW, 'customer_id': f'c{n}'} for n in range(12)))
        await full.next('system_alert', seconds=HEARS)
        await full.next('new_prediction', seconds=HEARS, where=lambda item: 'more' in item)
        await changes.next('dashboard_changes', seconds=HEARS, where=lambda told: 'alerts' in told)
        await changes.client.emit('request_dashboard_data', {'since': [first['epoch'], first['seq']]})
        await session.upload('customer_id,churn_score\nu1,0.5\nu2,0.6\n')
        await full.next('upload_progress', seconds=HEARS, where=lambda told: told['state'] == 'done')
        await ask(session, full)
        await flood(changes)
        await ending
        assert await asyncio.to_thread(session.board.stop) == 0
        await full.next('server_shutdown')


async def test_all_that_a_session_hears_is_as_the_document_says(own_board: Board, document: dict[str, Any]) -> None:
    session = Session(own_board, own_board.add_user('alice@example.com'))
    await everything(session)
    heard = session.heard
    assert set(heard) == {event.name for event in SENT}
    wrong = {
        (name, *found) for name, payloads in heard.items() for one in payloads if (found := faults(document, name, one))
    }
    assert wrong == set()
    for kind, told in session.acknowledgements:
        as_class(kind, told)
    codes = {problem['code'] for problem in heard['error']}
    assert codes == {'invalid_request', 'invalid_token', 'rate_limited', 'token_expired'}


# --- where it is served


async def test_it_is_served_to_whoever_is_signed_in(board: Board, alice: Any) -> None:
    with board.rest(alice.token) as rest:
        served = rest.get('/api/asyncapi.json')
        page = rest.get('/api/asyncapi')
    assert served.json() == asyncapi(board.url)
    assert page.status_code == 200
    for event in EVENTS:
        assert f'id="{event}"' in page.text


async def test_nobody_else_gets_it(board: Board) -> None:
    with httpx.Client(base_url=board.url) as anyone:
        assert anyone.get('/api/asyncapi.json').status_code == 401
        asked = anyone.get('/api/asyncapi')
        assert (asked.status_code, asked.headers['location']) == (303, '/login?next=/api/asyncapi')
        assert anyone.get('/api/asyncapi', headers={'Authorization': 'Bearer forged'}).status_code == 401
