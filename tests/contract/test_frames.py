"""Frames no client of ours would send, by either transport: nobody gets data, nothing breaks, nothing stays behind."""

from __future__ import annotations

import asyncio
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.board import Board
from tests.contract.conftest import Person
from tests.contract.raw_engine import (
    TRANSPORTS,
    RawEngine,
    connect_packet,
    event_packet,
    raw_engine,
    signed_in,
)
from tests.contract.watched import dropped, figure, leaving_nothing, until_figure

# what a frame does is decided before any database is asked
pytestmark = pytest.mark.parametrize('board', ['sqlite'], indirect=True)
by_either_transport = pytest.mark.parametrize('transport', TRANSPORTS)

SILENT_SECONDS = 10
REFRESH = event_packet('user_action', {'action': 'refresh'})
ASK = event_packet('request_dashboard_data', {})


async def assert_lives(engine: RawEngine) -> None:
    """What is asked now is answered."""
    known = engine.events('dashboard_update')[-1]['seq']
    await engine.send(ASK)
    await engine.next('dashboard_update', where=lambda data: data['seq'] > known)


BROKEN = {
    'no type': 'x',
    'empty': '',
    'unknown type': '9',
    'open': '0{"sid":"x"}',
    'a ping of a client': '2probe',
    'unknown packet': '49',
    'text': '4x',
    'base64': 'bNDI=',
    'no event': '42',
    'an object': '42{}',
    'half': '42[',
    'acknowledgement nobody asked': '430[]',
    'another': '431["x"]',
    'an error': '44{}',
    'binary event': '451-["user_action",{"_placeholder":true,"num":0}]',
    'many binary': '459999999999-["user_action"]',
    'binary acknowledgement': '461-[]',
    'many of those': '469999999999-[]',
    'an id of 101 digits': '42' + '1' * 101 + '["user_action",{}]',
    'a digit of another kind': '42²["user_action",{}]',
    'a number of 5000 digits': '42["user_action",' + '9' * 5000 + ']',
    'deep event': '42' + '[' * 30_000,
    'deep packet': '4' + '[' * 30_000,
    'deep connect': '40' + '{"a":' * 10_000,
}


@by_either_transport
@pytest.mark.parametrize('case', BROKEN)
async def test_what_is_no_frame_ends_the_connection_with_one_line_at_most_and_no_trace(
    board: Board, alice: Person, transport: str, case: str
) -> None:
    async with leaving_nothing(board) as log:
        async with raw_engine(board.url, transport) as stranger:
            await stranger.send(BROKEN[case])
            await stranger.until_closed()
        assert len(log.lines) <= 1, log.text
        async with signed_in(board.url, transport, alice.token) as engine:
            await engine.send(BROKEN[case])
            await engine.until_closed()
        assert len(log.lines) <= 2, log.text
    assert engine.sid not in board.log


async def test_of_many_broken_frames_few_are_told(board: Board) -> None:
    async with leaving_nothing(board) as log:
        for _ in range(30):
            async with raw_engine(board.url, 'websocket') as engine:
                await engine.send('x')
                await engine.until_closed()
        assert len(log.lines) < 15, log.text


async def test_a_binary_frame_ends_the_connection(board: Board) -> None:
    async with (
        leaving_nothing(board),
        connect(board.url.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket') as socket,
    ):
        assert str(await socket.recv()).startswith('0')
        await socket.send(b'42["user_action",{}]')
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 30)


LEFT_OUT = (
    '4', '4{}', '4null', '42[]', '42[["a"]]', '42[5]', '42[null,{}]', '42[{"a":1},2]', '42/admin,["user_action",{}]'
)  # fmt: skip


@by_either_transport
async def test_events_without_a_name_or_of_another_namespace_are_left_out(
    board: Board, alice: Person, transport: str
) -> None:
    async with leaving_nothing(board) as log, signed_in(board.url, transport, alice.token) as engine:
        before = await dropped(board, 'event_out_of_place')
        for frame in LEFT_OUT:
            await engine.send(frame)
        await assert_lives(engine)
        assert engine.events('error') == []
        assert await dropped(board, 'event_out_of_place') == before + len(LEFT_OUT)
        assert log.text == ''


@by_either_transport
async def test_reserved_names_and_a_second_connect_do_not_change_who_one_is(
    board: Board, alice: Person, bob: Person, transport: str
) -> None:
    async with leaving_nothing(board) as log, signed_in(board.url, transport, bob.token) as engine:
        held = await figure(board, 'connections'), await figure(board, 'namespace_members')
        token = {'token': alice.token}
        for name in ('connect', 'disconnect', 'connect_error', '*', 'error', 'message'):
            await engine.send(event_packet(name, token, token))
        await engine.send(connect_packet(alice.token), '41/admin,')
        await assert_lives(engine)
        await engine.send(event_packet('__class__', token))
        assert (await engine.next('error'))['field'] == 'event'
        assert held == (await figure(board, 'connections'), await figure(board, 'namespace_members'))
        assert len(engine.events('connected')) == 1
        assert len({data['user_id'] for data in engine.events('dashboard_update')}) == 1
        assert alice.email not in ''.join(engine.heard)
        assert log.text == ''


@by_either_transport
@pytest.mark.parametrize('frame', ['421["user_action",{}]', '42["connect",{}]', '41', '40/admin,', '41/admin,'])
async def test_frames_before_the_connect_are_left_out_and_the_tenth_ends_the_connection(
    board: Board, transport: str, frame: str
) -> None:
    async with leaving_nothing(board) as log, raw_engine(board.url, transport) as engine:
        before = await dropped(board, 'event_out_of_place')
        await engine.send(*[frame] * 9)
        await asyncio.sleep(0.1)
        assert not engine.closed.is_set()
        await engine.send(frame)
        await engine.until_closed()
        assert {packet[:2] for packet in engine.heard} <= {'1', '44'}, engine.heard
        assert await dropped(board, 'event_out_of_place') == before + 10
        assert log.text == ''


@by_either_transport
async def test_events_after_the_refusal_are_not_answered(board: Board, transport: str) -> None:
    async with leaving_nothing(board), raw_engine(board.url, transport) as engine:
        await engine.send(connect_packet('x'), '421["request_dashboard_data",{}]', connect_packet('y'), REFRESH)
        await engine.until_closed()
        assert [packet[:2] for packet in engine.heard if packet != '1'] == ['40', '42', '41'], engine.heard


@by_either_transport
async def test_connecting_and_leaving_again_and_again_has_an_end(board: Board, alice: Person, transport: str) -> None:
    async with leaving_nothing(board), raw_engine(board.url, transport) as engine:
        for _ in range(60):
            await engine.send(connect_packet(alice.token), '41')
        await engine.until_closed(10)
        assert len(engine.events('connected')) < 40


async def test_who_does_not_sign_in_or_leaves_the_namespace_is_closed_after_ten_seconds(
    board: Board, alice: Person
) -> None:
    async def silent(transport: str, *, left: bool) -> float:
        async with raw_engine(board.url, transport) as engine:
            if left:
                await engine.send(connect_packet(alice.token))
                await engine.next('dashboard_update')
                await engine.send('41')
            started = time.monotonic()
            await engine.until_closed(SILENT_SECONDS + 5)
            return time.monotonic() - started

    await until_figure(board, 'unauthenticated', 0)  # those of other tests, which may be closed late
    async with leaving_nothing(board):
        before = await dropped(board, 'silent_connection')
        cases = [silent(transport, left=left) for transport in TRANSPORTS for left in (False, True)]
        took = await asyncio.gather(*cases)
        assert min(took) > SILENT_SECONDS - 1
        assert await dropped(board, 'silent_connection') == before + len(cases)


MEGABYTE = 1024 * 1024


@by_either_transport
@pytest.mark.parametrize('size', [65_536, 65_537, 10 * MEGABYTE])
async def test_a_frame_larger_than_allowed_ends_the_connection_and_takes_no_memory(
    board: Board, alice: Person, transport: str, size: int
) -> None:
    async with leaving_nothing(board):
        async with signed_in(board.url, transport, alice.token) as engine:
            memory = await figure(board, 'process_resident_memory_bytes')
            start, end = '42["user_action",{"action":"', '"}]'
            await engine.send(start + 'x' * (size - len(start) - len(end)) + end)
            if size > 65_536:
                await engine.until_closed()
            else:
                assert (await engine.next('error'))['field'] == 'action'
        assert await figure(board, 'process_resident_memory_bytes') - memory < 20 * MEGABYTE
