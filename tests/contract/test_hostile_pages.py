"""A browser that says anything over the socket of its page: nothing of it harms the server or leaves a trace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from benchmarks.page_tabs import Page
from tests.board import Board
from tests.contract.page_browser import Browser, linked, signed_in
from tests.contract.watched import assert_tells_nothing, dropped, unharmed, watched_board

ALICE = 'alice@example.com'
STORM = 5_000
MEGABYTE = 1024 * 1024


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with watched_board(tmp_path_factory.mktemp('pages')) as board:
        board.add_user(ALICE)
        yield board


@pytest.fixture
async def browser(board: Board) -> AsyncIterator[Browser]:
    async with signed_in(board, ALICE) as browser:
        yield browser


async def answers(socket: ClientConnection, client_id: str) -> bool:
    """Whether the link is there after all of that: what asks for an answer is given one."""
    try:
        async with asyncio.timeout(60):
            await socket.send(f'4277{json.dumps(["ack", {"client_id": client_id, "next_message_id": 0}])}')
            while True:
                frame = str(await socket.recv())
                if frame == '2':
                    await socket.send('3')
                if frame.startswith('4377'):
                    return True
    except ConnectionClosed:
        return False


NAMES = ('event', 'javascript_response', 'ack', 'log', 'handshake')


def messages(browser: Browser) -> list[object]:
    """What no page says."""
    number, listener = browser.listener()
    one = {'client_id': browser.client_id, 'id': number, 'listener_id': listener, 'args': []}
    anything: list[Any] = [None, 5, 'x', [], {}, [[]], {'client_id': ['x']}, {'client_id': {}}, {'client_id': None}]
    of_page = [
        *({**one, key: value} for key in one for value in (None, [], {}, 1.5, 'x', -1, [{}], {'__proto__': 1})),
        *({key: value for key, value in one.items() if key != left_out} for left_out in one),
        {**one, 'args': ['{', '[' * 10_000, '1' * 5_000, 'NaN', '"\\ud800"', json.dumps('\0')]},
        {**one, 'args': [json.dumps('x' * (MEGABYTE // 32))]},
        {**one, 'args': ['null'] * 2_000},
        {'client_id': browser.client_id, 'request_id': 'x', 'result': 1},
        {'client_id': browser.client_id, 'request_id': [], 'result': {}},
        {'client_id': browser.client_id, 'request_id': {}},
        {'client_id': browser.client_id, 'next_message_id': 'x'},
        {'client_id': browser.client_id, 'next_message_id': {}},
        {'client_id': browser.client_id, 'next_message_id': None},
        {'client_id': browser.client_id, 'next_message_id': -(10**30)},
        {'client_id': browser.client_id, 'level': 'x', 'message': 'x'},
        {'client_id': browser.client_id, 'tab_id': [], 'document_id': {}},
        {'client_id': browser.client_id, 'tab_id': 'x', 'document_id': 'x', 'next_message_id': 'x'},
    ]
    return [*anything, *of_page]


@pytest.mark.parametrize('name', NAMES)
async def test_what_no_page_says_is_left_out(board: Board, browser: Browser, name: str) -> None:
    async with unharmed(board) as log, browser.socket() as socket:
        await linked(socket)
        for message in messages(browser):
            await socket.send(f'42{json.dumps([name, message])}')
            await asyncio.sleep(0.02)  # as fast as it may
        assert await answers(socket, browser.client_id)
    assert log.text == ''


FRAMES = [
    *('', 'x', '9', '4', '42', '40', '40{}', '40/other,', '41/other,', '42{}', '42[]', '42[["event"]]', '42["event"]'),
    *('42["event",{},{}]', '42["connect"]', '42["connect",{"QUERY_STRING":"x"}]', '42["disconnect"]', '42["*",{}]'),
    *('42/other,["ack",{}]', '43', '430[]', '43999[]', '44{}', '451-["event",{"_placeholder":true,"num":0}]', '46'),
    *('429999999999999999999["ack",{}]', '42[' + '[' * 60_000, '42["event",' + '9' * 60_000 + ']', r'42["\ud800"]'),
]


async def test_frames_of_another_kind_are_left_out(board: Board, browser: Browser) -> None:
    async with unharmed(board) as log:
        for frame in [*FRAMES, b'', b'x', b'\x04\xff' * 1_000]:
            async with browser.socket() as socket:
                await linked(socket)
                await socket.send(frame)
                await answers(socket, browser.client_id)  # or it is closed: both will do
    assert log.text == ''


@pytest.mark.parametrize('body', ['', 'x', '4', '42{}', '4[' + '[' * 50_000, 'b%%', 'd=', '6\x1e' * 100, '\x1e', '9'])
async def test_nor_are_they_heard_by_polling(board: Board, browser: Browser, body: str) -> None:
    async with unharmed(board) as log, browser.polling() as path:
        answer = await browser.http.post(path, content=body)
        assert answer.status_code in (200, 400), answer.text
        assert_tells_nothing(answer.text, board)
    assert log.text == ''


@pytest.mark.parametrize(
    'query',
    [
        {'next_message_id': 'x'},
        {'next_message_id': '9' * 5_000},
        {'client_id': 'unknown'},
        {'client_id': ''},
        {'tab_id': ''},
        {'document_id': ''},
        {'implicit_handshake': 'x'},
    ],
    ids=lambda query: next(iter(query.items()))[0],
)
async def test_a_link_of_another_kind_is_refused_or_of_no_use(
    board: Board, browser: Browser, query: dict[str, object]
) -> None:
    async with unharmed(board) as log, browser.socket(**query) as socket:
        await socket.send('42["ack",{}]')
        await asyncio.sleep(0.5)
    assert log.text == ''


async def test_a_storm_of_events_is_left_out_and_ends(board: Board, browser: Browser) -> None:
    number, listener = browser.listener()
    event = {'client_id': browser.client_id, 'id': number, 'listener_id': listener, 'args': []}
    async with unharmed(board) as log, browser.socket() as socket:
        await linked(socket)
        before = await dropped(board, 'page_frame')
        for _ in range(STORM):
            try:
                await socket.send(f'42{json.dumps(["event", event])}')
            except ConnectionClosed:
                break
        assert not await answers(socket, browser.client_id), 'it is closed'
        assert await dropped(board, 'page_frame') > before
    assert log.text == ''


async def test_a_message_beyond_all_that_a_page_says_ends_its_link(board: Board, browser: Browser) -> None:
    async with unharmed(board) as log, browser.socket() as socket:
        await linked(socket)
        await socket.send(f'42{json.dumps(["event", {"client_id": browser.client_id, "args": ["x" * MEGABYTE]}])}')
        assert not await answers(socket, browser.client_id)
    assert log.text == ''


async def test_a_page_speaks_for_itself_alone(board: Board, browser: Browser) -> None:
    other = Page.read((await browser.http.get('/')).text).query['client_id']
    async with browser.socket() as socket:
        await linked(socket)
        before = await dropped(board, 'page_frame')
        number, listener = browser.listener()
        event = {'client_id': other, 'id': number, 'listener_id': listener, 'args': []}
        told = {'client_id': other, 'level': 'error', 'message': 'x', 'request_id': 'x', 'next_message_id': 0}
        for name, said in (('event', event), ('log', told), ('javascript_response', told), ('ack', told)):
            await socket.send(f'42{json.dumps([name, said])}')
        assert await answers(socket, browser.client_id)
        assert await dropped(board, 'page_frame') == before + 4
