"""Frames no client of ours would send: nobody gets data, nothing breaks, nothing is left behind."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.board import Board
from tests.contract.conftest import Person

# what a frame does is decided before any database is asked
pytestmark = pytest.mark.parametrize('board', ['sqlite'], indirect=True)


async def raw(board: Board) -> ClientConnection:
    """A WebSocket with Engine.IO's greeting read."""
    address = board.url.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket'
    socket = await connect(address)
    assert str(await socket.recv()).startswith('0')
    return socket


async def frames(socket: ClientConnection, *, seconds: float) -> list[str]:
    """What comes until the connection closes or the time is over; ends with 'closed' in the first case."""
    heard: list[str] = []
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            heard.append(str(await asyncio.wait_for(socket.recv(), left)))
        except TimeoutError:
            break
        except ConnectionClosed:
            return [*heard, 'closed']
    return heard


async def sign_in(socket: ClientConnection, token: Any) -> None:
    await socket.send('40' + orjson.dumps({'token': token}).decode())


@pytest.mark.parametrize(
    'auth',
    ['', '""', '[1]', 'true', '5', '{}', '{"token":null}', '{"token":["x"]}', '{"token":{"a":1}}', '{"token":"x"}'],
)
async def test_a_connect_without_a_good_token_is_told_and_closed(board: Board, auth: str) -> None:
    socket = await raw(board)
    await socket.send('40' + auth)
    heard = await frames(socket, seconds=3)
    assert heard[-1] == 'closed'
    assert '"status":"error"' in heard[1]
    assert not any('dashboard_update' in frame for frame in heard)


async def test_a_lone_surrogate_in_the_token_is_refused_like_any_other(board: Board) -> None:
    socket = await raw(board)
    await socket.send(r'40{"token":"\ud800.a.b"}')
    assert (await frames(socket, seconds=3))[-1] == 'closed'


@pytest.mark.parametrize('event', ['connect', 'disconnect', '*', '__class__', 'error'])
async def test_reserved_names_never_reach_a_handler(board: Board, alice: Person, bob: Person, event: str) -> None:
    socket = await raw(board)
    await sign_in(socket, bob.token)
    await asyncio.sleep(0.3)
    await socket.send('42' + orjson.dumps([event, {'token': alice.token}, {'token': alice.token}]).decode())
    heard = ''.join(await frames(socket, seconds=1.5))
    assert bob.email in heard
    assert alice.email not in heard
    assert '"seq":2' in heard, 'the connection goes on'
    await socket.close()


async def test_a_second_connect_does_not_change_who_one_is(board: Board, alice: Person, bob: Person) -> None:
    socket = await raw(board)
    await sign_in(socket, bob.token)
    await sign_in(socket, alice.token)
    heard = ''.join(await frames(socket, seconds=1.5))
    assert alice.email not in heard
    await socket.close()


async def test_events_before_the_connect_are_ignored(board: Board) -> None:
    socket = await raw(board)
    await socket.send('421["user_action",{"action":"refresh"}]')
    await socket.send('42["request_dashboard_data",{}]')
    assert await frames(socket, seconds=0.5) == []
    await socket.close()


@pytest.mark.parametrize(
    'frame',
    [
        '4x',
        '49',
        '42',
        '42{}',
        '42[',
        '430[]',
        '451-["user_action",{"_placeholder":true,"num":0}]',
        '461-[]',
        '44{}',
        '431["x"]',
    ],
)
async def test_a_frame_that_is_no_event_of_ours_ends_its_connection(board: Board, alice: Person, frame: str) -> None:
    socket = await raw(board)
    await sign_in(socket, alice.token)
    await frames(socket, seconds=0.3)
    await socket.send(frame)
    assert (await frames(socket, seconds=2))[-1] == 'closed'


@pytest.mark.parametrize('frame', ['42[]', '42[["a"]]', '42[5]', '42[null,{}]', '4'])
async def test_an_event_without_a_name_is_dropped(board: Board, alice: Person, frame: str) -> None:
    socket = await raw(board)
    await sign_in(socket, alice.token)
    await frames(socket, seconds=0.3)
    await socket.send(frame)
    heard = await frames(socket, seconds=1.5)
    assert any('dashboard_update' in text for text in heard)
    await socket.close()


@pytest.mark.parametrize(
    ('frame', 'field'),
    [
        (r'42["user_action",{"action":"filter","data":{"q":"\ud800"}}]', 'q'),
        (r'42["user_action",{"action":"filter","data":{"\ud800":1}}]', r'\ud800'),
        ('42["user_action",{"action":"filter","data":{"min_score":NaN}}]', 'min_score'),
        ('42["user_action",{"action":"refresh"},1,2]', 'action'),
        ('42["user_action",{"action":"refresh","data":' + '{"a":' * 150 + '1' + '}' * 151 + ']', 'a'),
        ('42["request_dashboard_data",{},1]', 'data'),
    ],
)
async def test_an_event_with_a_bad_payload_gets_an_error_and_the_connection_lives(
    board: Board, alice: Person, frame: str, field: str
) -> None:
    socket = await raw(board)
    await sign_in(socket, alice.token)
    await frames(socket, seconds=0.3)
    await socket.send(frame)
    heard = await frames(socket, seconds=1.5)
    assert any('"error"' in text and field in text for text in heard), heard
    assert any('dashboard_update' in text for text in heard)
    await socket.close()


async def test_leaving_the_namespace_and_keeping_the_engine_ends_after_ten_seconds(board: Board, alice: Person) -> None:
    socket = await raw(board)
    await sign_in(socket, alice.token)
    await frames(socket, seconds=0.3)
    await socket.send('41')
    heard = await frames(socket, seconds=14)
    assert heard[-1] == 'closed'
    assert not any('dashboard_update' in text for text in heard)


async def test_events_that_a_polling_client_posts_side_by_side_are_handled_one_by_one(
    board: Board, alice: Person
) -> None:
    async with httpx.AsyncClient(base_url=board.url, timeout=30) as http:
        path = '/socket.io/?EIO=4&transport=polling'
        sid = orjson.loads((await http.get(path)).text[1:])['sid']
        path += f'&sid={sid}'
        await http.post(path, content='40' + orjson.dumps({'token': alice.token}).decode())
        event = '42["user_action",{"action":"refresh"}]'
        await asyncio.gather(*(http.post(path, content=event) for _ in range(20)))
        text = ''
        while text.count('"status":"ok"') < 20:
            text += (await http.get(path)).text
        seqs = [int(number) for number in re.findall(r'"seq":(\d+)', text)]
        assert seqs == sorted(seqs)
        await http.post(path, content='1')


async def test_a_frame_larger_than_allowed_ends_its_connection(board: Board, alice: Person) -> None:
    socket = await raw(board)
    await sign_in(socket, alice.token)
    await frames(socket, seconds=0.3)
    await socket.send('42["user_action","' + 'x' * 70_000 + '"]')
    assert (await frames(socket, seconds=3))[-1] == 'closed'


async def test_a_connection_that_never_signs_in_is_closed_after_ten_seconds(board: Board) -> None:
    socket = await raw(board)
    start = time.monotonic()
    assert (await frames(socket, seconds=14))[-1] == 'closed'
    assert 9 < time.monotonic() - start < 13


async def test_a_polling_client_that_leaves_has_its_open_poll_answered(board: Board, alice: Person) -> None:
    async with httpx.AsyncClient(base_url=board.url, timeout=30) as http:
        path = '/socket.io/?EIO=4&transport=polling'
        sid = orjson.loads((await http.get(path)).text[1:])['sid']
        path += f'&sid={sid}'
        await http.post(path, content='40' + orjson.dumps({'token': alice.token}).decode())
        await http.get(path)

        async def poll_until_closed() -> None:
            while (await http.get(path)).status_code == 200:
                pass

        polling = asyncio.create_task(poll_until_closed())
        await asyncio.sleep(0.2)
        await http.post(path, content='1')
        await asyncio.wait_for(polling, timeout=3)


async def test_another_origin_is_refused(board: Board) -> None:
    answer = httpx.get(f'{board.url}/socket.io/?EIO=4&transport=polling', headers={'Origin': 'https://evil.example'})
    assert answer.status_code == 400
