"""What a hostile or careless client does with requests and events: told what was wrong, and nothing else changes."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedOK, InvalidStatus

from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.live import listening
from tests.contract.raw_engine import (
    NO_CERTIFICATES,
    SEPARATOR,
    TRANSPORTS,
    RawEngine,
    connect_packet,
    event_packet,
    raw_engine,
    signed_in,
)
from tests.contract.watched import leaving_nothing, refused

# what a payload may be is decided before any database is asked
pytestmark = pytest.mark.parametrize('board', ['sqlite'], indirect=True)
by_either_transport = pytest.mark.parametrize('transport', TRANSPORTS)

POLLING = '/socket.io/?EIO=4&transport=polling'
REFRESH = event_packet('user_action', {'action': 'refresh'})
BURST = 20
"""Events that a client may send at once."""


@pytest.fixture
async def http(board: Board) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=board.url, timeout=30, verify=NO_CERTIFICATES) as client:
        yield client


async def opened(http: httpx.AsyncClient) -> str:
    """The address of a new polling connection."""
    greeting = (await http.get(POLLING)).text
    return f'{POLLING}&sid={orjson.loads(greeting[1:])["sid"]}'


def filled(board: Board, person: Person, *names: str) -> None:
    """The person's board holds a customer at high risk for each name."""
    rows = [{'customer_id': name, 'churn_score': 0.9} for name in names]
    with board.rest(person.token) as rest:
        answer = rest.post('/api/predictions', json=rows)
    assert answer.json()['data']['accepted'] == len(names), answer.text


async def act(engine: RawEngine, action: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """The update that answers an action."""
    known = engine.events('dashboard_update')[-1]['seq']
    await engine.send(event_packet('user_action', {'action': action, 'data': data}))
    update: dict[str, Any] = await engine.next(
        'dashboard_update', where=lambda data: 'action' in data and data['seq'] > known
    )
    return update


def action(name: str, data: str) -> str:
    return f'{{"action":"{name}","data":{data}}}'


def stamped(timestamp: str) -> str:
    return f'{{"action":"refresh","timestamp":{timestamp}}}'


BAD_ACTIONS = {
    'null': 'action',
    '5': 'action',
    '[]': 'action',
    '"refresh"': 'action',
    'true': 'action',
    '{}': 'action',
    '{"action":null}': 'action',
    '{"action":["refresh"]}': 'action',
    '{"action":"drop"}': 'action',
    '{"action":"__class__"}': 'action',
    '{"action":"refresh"},{"action":"refresh"}': 'action',
    '{"action":"refresh","sid":"x"}': 'sid',
    '{"action":"refresh","__proto__":{}}': '__proto__',
    action('filter', '5'): 'data',
    action('filter', '[]'): 'data',
    action('filter', '"q"'): 'data',
    action('filter', '{"data":{"q":"x"}}'): 'data',
    action('filter', '{"a":' * 200 + '1' + '}' * 200): 'a',
    action('filter', '{"user_id":1}'): 'user_id',
    action('filter', '{"range":"7d"}'): 'range',
    action('filter', '{"min_score":1e308}'): 'min_score',
    action('filter', '{"min_score":1e999}'): 'min_score',
    action('filter', '{"min_score":NaN}'): 'min_score',
    action('filter', '{"max_score":-Infinity}'): 'max_score',
    action('filter', '{"max_score":true}'): 'max_score',
    action('filter', r'{"q":"\u0000"}'): 'q',
    action('filter', r'{"q":"\ud800"}'): 'q',
    action('filter', '{"q":""}'): 'q',
    action('filter', '{"q":"' + 'x' * 10_000 + '"}'): 'q',
    action('filter', '{"q":["x"]}'): 'q',
    action('filter', r'{"\ud800":1}'): '\ud800',
    action('filter', '{"risk":[]}'): 'risk',
    action('filter', '{"risk":["HIGH"]}'): 'risk',
    action('filter', '{"risk":{"high":1}}'): 'risk',
    action('filter', '{"source":7}'): 'source',
    action('date_range', '{"from":"2026-03-02","to":"2026-03-01"}'): 'from',
    action('date_range', '{"from":"0001-01-01","to":"2026-01-01"}'): 'from',
    action('date_range', '{"to":"4026-01-01"}'): 'to',
    action('date_range', '{"from":"2026-02-30"}'): 'from',
    action('date_range', '{"from":1767225600}'): 'from',
    action('date_range', '{"range":"ever"}'): 'range',
    action('date_range', '{"range":"7d","from":"2026-01-01"}'): 'range',
    action('date_range', '{"range":"all","step":1}'): 'step',
    action('date_range', '{"q":"x"}'): 'q',
    action('refresh', '{"q":"x"}'): 'q',
    action('export', '{"format":"exe"}'): 'format',
    action('export', '{"format":"../csv"}'): 'format',
    stamped('"yesterday"'): 'timestamp',
    stamped('"0000-01-01T00:00:00Z"'): 'timestamp',
    stamped('"2026-01-01T00:00:00"'): 'timestamp',
    stamped('"2026-01-01T00:00:00+99:00"'): 'timestamp',
    stamped('5'): 'timestamp',
}
A_CONNECTION = (BURST - 1) // 2
"""Bad actions that one takes, each with a look at the board, before it has sent too many events."""
GROUPS = [tuple(BAD_ACTIONS)[start : start + A_CONNECTION] for start in range(0, len(BAD_ACTIONS), A_CONNECTION)]


@by_either_transport
@pytest.mark.parametrize('group', range(len(GROUPS)))
async def test_a_bad_action_is_told_with_its_field_and_changes_nothing(
    board: Board, alice: Person, transport: str, group: int
) -> None:
    filled(board, alice, 'one', 'other')
    async with leaving_nothing(board) as log, signed_in(board.url, transport, alice.token) as engine:
        assert (await act(engine, 'filter', {'q': 'one'}))['metrics']['total_predictions'] == 1
        for number, payload in enumerate(GROUPS[group]):
            await engine.send(f'42{number}["user_action",{payload}]')
            error = await engine.next('error', after=number)
            assert (error['code'], error['field']) == ('invalid_request', BAD_ACTIONS[payload]), payload
            assert json.loads((await engine.packet(f'43{number}['))[3:]) == [error]
            assert (await act(engine, 'refresh'))['metrics']['total_predictions'] == 1, payload
        assert log.text == ''


@by_either_transport
async def test_a_time_of_any_zone_and_data_of_null_are_no_fault(board: Board, alice: Person, transport: str) -> None:
    async with signed_in(board.url, transport, alice.token) as engine:
        for payload in (stamped('"2026-01-01T00:00:00+14:00"'), stamped('null'), action('refresh', 'null')):
            await engine.send(f'421["user_action",{payload}]')
        await engine.next('dashboard_update', where=lambda data: data['seq'] == 4)
        assert engine.events('error') == []


NAMES = (
    "x'; DROP TABLE prediction;--",
    '100% sure',
    'a_b',
    'axb',
    'אבג',
    'Straße',
    'back\\slash',
    '"quoted"',
    '<b>&amp;',
)


@by_either_transport
async def test_a_search_finds_what_is_written_there_and_nothing_by_pattern(
    board: Board, alice: Person, transport: str
) -> None:
    filled(board, alice, *NAMES)
    async with leaving_nothing(board), signed_in(board.url, transport, alice.token) as engine:
        for text in ("'; DROP TABLE", '%', '_', '%_%', 'בג', 'STRASSE', '\\', '"', '&', '\u202e', '\u200b', "' OR 1=1"):
            found = [name for name in NAMES if text.casefold() in name.casefold()]
            update = await act(engine, 'filter', {'q': text})
            assert {row['customer_id'] for row in update['recent_activity']} == set(found), text
        assert (await act(engine, 'filter'))['metrics']['total_predictions'] == len(NAMES)


async def test_of_fifty_posts_side_by_side_a_burst_is_handled_one_by_one_and_the_rest_told_once(
    board: Board, alice: Person, http: httpx.AsyncClient
) -> None:
    async with leaving_nothing(board), signed_in(board.url, 'polling', alice.token) as engine:
        before = await refused(board, 'event_rate')
        path = f'{POLLING}&sid={engine.sid}'
        answers = await asyncio.gather(*(http.post(path, content=REFRESH) for _ in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        error = await engine.next('error')
        assert (error['code'], error['retry_after'] > 0) == ('rate_limited', True)
        handled = 50 - round(await refused(board, 'event_rate') - before)
        assert handled >= BURST
        await engine.next('dashboard_update', where=lambda data: data['seq'] > handled)
        seqs = [update['seq'] for update in engine.events('dashboard_update')]
        assert seqs == list(range(1, len(seqs) + 1))
        # where the posts themselves take long, one more is handled now and then, and after each a row begins anew
        assert 1 <= len(engine.events('error')) <= 1 + handled - BURST


async def test_a_post_holds_as_many_events_as_may_be_sent_at_once(board: Board, alice: Person) -> None:
    async with leaving_nothing(board), signed_in(board.url, 'polling', alice.token) as engine:
        await engine.send(*[REFRESH] * BURST)
        await engine.next('dashboard_update', where=lambda data: data['seq'] > BURST)
        assert engine.events('error') == []


async def test_a_post_of_very_many_packets_ends_the_connection(board: Board) -> None:
    async with leaving_nothing(board), raw_engine(board.url, 'polling') as engine:
        await engine.send(*['3'] * 20_000)
        await engine.until_closed()


@by_either_transport
async def test_the_python_client_may_send_a_burst(board: Board, alice: Person, transport: str) -> None:
    async with listening(board.url, alice.token, transport=transport) as live:
        answers: asyncio.Queue[Any] = asyncio.Queue()
        for _ in range(BURST):
            await live.client.emit('user_action', {'action': 'refresh'}, callback=answers.put_nowait)
        async with asyncio.timeout(60):
            assert [(await answers.get())['status'] for _ in range(BURST)] == ['ok'] * BURST
        assert not live.disconnected.is_set()


async def test_a_body_that_comes_in_chunks_is_read(board: Board, alice: Person, http: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield connect_packet(alice.token).encode()

    async with leaving_nothing(board):
        path = await opened(http)
        assert (await http.post(path, content=chunks())).status_code == 200
        assert (await http.get(path)).text.startswith('40')
        await http.post(path, content='1')


@pytest.mark.parametrize('body', [b'4\xff\xfe', b'd=4x', b'd', SEPARATOR.encode(), b'42["user_action",{}]\x1e'])
async def test_a_body_that_is_none_of_engine_io_ends_the_connection(
    board: Board, http: httpx.AsyncClient, body: bytes
) -> None:
    async with leaving_nothing(board):
        path = await opened(http)
        assert (await http.post(path, content=body)).status_code == 400
        assert (await http.get(path)).status_code == 400


async def test_a_client_that_said_goodbye_is_gone_and_its_open_poll_is_answered(
    board: Board, alice: Person, http: httpx.AsyncClient
) -> None:
    async with leaving_nothing(board):
        path = await opened(http)
        await http.post(path, content=connect_packet(alice.token))
        await http.get(path)

        async def poll_until_closed() -> None:
            while (await http.get(path)).status_code == 200:
                pass

        polls = [asyncio.create_task(poll_until_closed()) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert (await http.post(path, content='1')).status_code == 200
        await asyncio.wait_for(asyncio.gather(*polls), 30)
        for content in ('1', REFRESH):
            assert (await http.post(path, content=content)).status_code == 400


@pytest.mark.parametrize('sent', ['', '42["user_action"', '40{"token":"x"}'])
async def test_a_client_that_goes_in_the_middle_of_its_request_leaves_no_trace(
    board: Board, http: httpx.AsyncClient, sent: str
) -> None:
    async with leaving_nothing(board):
        path = await opened(http)
        request = f'POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{sent}'
        with socket.create_connection(('127.0.0.1', board.port)) as line:
            line.sendall(request.encode())
            await asyncio.sleep(0.1)
        async with asyncio.timeout(30):
            while (await http.post(path, content='1')).status_code == 200:  # noqa: ASYNC110 -- until it is forgotten
                await asyncio.sleep(0.05)


REQUESTS = {
    f'{POLLING}&sid=%0A2026%20CRITICAL%20forged': 400,
    f'{POLLING}&sid=%1b[31mforged': 400,
    f'{POLLING}&sid=': 200,
    f'{POLLING}&j=0': 400,
    f'{POLLING}&j=': 400,
    f'{POLLING}&%6A=0': 400,
    f'{POLLING}&j=%0Aforged': 400,
    '/socket.io/?EIO=3&transport=polling': 400,
    '/socket.io/?transport=polling': 400,
    '/socket.io/?EIO=4&transport=forged': 400,
    '/socket.io/?EIO=4&transport=websocket': 400,
    '/socket.io/?EIO=4&transport=%0Aforged': 400,
    '/socket.io/?EIO=%FF&transport=polling': 400,
    '/socket.io/': 400,
}


@pytest.mark.parametrize('path', REQUESTS)
async def test_a_request_that_is_none_of_engine_io_is_refused_without_a_line_of_its_own(
    board: Board, http: httpx.AsyncClient, path: str
) -> None:
    async with leaving_nothing(board) as log:
        answer = await http.get(path)
        assert answer.status_code == REQUESTS[path]
        if answer.status_code == 200:
            await http.post(f'{POLLING}&sid={orjson.loads(answer.text[1:])["sid"]}', content='1')
        assert log.text == ''


@pytest.mark.parametrize('method', ['TRACE', 'HEAD', 'PUT', 'DELETE', 'PATCH'])
async def test_another_method_is_refused(board: Board, http: httpx.AsyncClient, method: str) -> None:
    async with leaving_nothing(board) as log:
        assert (await http.request(method, POLLING)).status_code in (400, 405)
        assert log.text == ''


async def test_another_origin_is_refused_and_the_log_names_the_setting(board: Board, http: httpx.AsyncClient) -> None:
    async with leaving_nothing(board) as log:
        for _ in range(20):
            answer = await http.get(POLLING, headers={'Origin': 'https://evil.example'})
            assert answer.status_code == 400
        assert 'CHURNBOARD_PUBLIC_ORIGINS' in log.text
        assert 'evil' not in log.text
        assert len(log.lines) < 15


async def test_the_id_of_a_connection_cannot_be_guessed_and_is_in_no_log(
    board: Board, alice: Person, http: httpx.AsyncClient
) -> None:
    async with leaving_nothing(board), signed_in(board.url, 'polling', alice.token) as engine:
        near = engine.sid[:-1] + ('A' if engine.sid[-1] != 'A' else 'B')
        assert (await http.get(f'{POLLING}&sid={near}')).status_code == 400
        assert (await http.post(f'{POLLING}&sid={near}', content=REFRESH)).status_code == 400
        others = [(await opened(http)).rpartition('sid=')[2] for _ in range(20)]
        secrets = {sid[:16] for sid in (engine.sid, *others)}  # 96 bits of them; the rest is a number
        assert len(secrets) == 21
        for sid in others:
            await http.post(f'{POLLING}&sid={sid}', content='1')
    assert engine.sid[:16] not in board.log


def upgrading(board: Board, path: str) -> connect:
    return connect(board.url.replace('http', 'ws') + path.replace('polling', 'websocket'), compression=None)


async def probed(line: ClientConnection) -> None:
    await line.send('2probe')
    assert await line.recv() == '3probe'
    await line.send('5')


async def test_a_connection_is_upgraded_once(board: Board, alice: Person, http: httpx.AsyncClient) -> None:
    async with leaving_nothing(board):
        path = await opened(http)
        async with upgrading(board, path) as line:
            with pytest.raises(InvalidStatus):
                await upgrading(board, path)
            await probed(line)
            await line.send(connect_packet(alice.token))
            while not str(await line.recv()).startswith('40'):
                pass
            with pytest.raises(InvalidStatus):
                await upgrading(board, path)
            assert (await http.get(path)).status_code == 400
            assert (await http.post(path, content=REFRESH)).status_code == 400


@pytest.mark.parametrize('frames', [['x'], ['2'], ['2other'], ['2probe', '4'], ['2probe', b'5'], [b'2probe'], []])
async def test_an_upgrade_that_fails_leaves_the_polling_connection_as_it_was(
    board: Board, alice: Person, http: httpx.AsyncClient, frames: list[str | bytes]
) -> None:
    async with leaving_nothing(board):
        path = await opened(http)
        async with upgrading(board, path) as line:
            for frame in frames:
                await line.send(frame)
            if frames:
                with pytest.raises(ConnectionClosedOK):
                    while True:
                        await asyncio.wait_for(line.recv(), 30)
        await http.post(path, content=connect_packet(alice.token))
        text = ''
        while 'dashboard_update' not in text:
            text += (await http.get(path)).text
        await http.post(path, content='1')
