"""Frames and actions that nobody thought of: the server goes on, logs no failure, and holds nothing afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.query import DATE_KEYS, FILTER_KEYS
from tests.board import Board
from tests.contract.raw_engine import SEPARATOR, TRANSPORTS, connect_packet, event_packet, raw_engine, signed_in
from tests.contract.watched import HELD, assert_tells_nothing, figures, unharmed, until_figures, watched_board

LIMITS = {'EVENTS_PER_SECOND': '1000', 'EXPORTS_PER_MINUTE': '100000', 'MAX_CONNECTIONS_PER_USER': '100'}
ALSO_HELD = ('tasks', 'process_open_fds')
BATCH = 50

TOKEN = '<token>'
"""Stands for a good one in what is made up."""

fuzzing = partial(
    settings,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # a batch is small, and the log tells which frame it was
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
by_either_transport = pytest.mark.parametrize('transport', TRANSPORTS)


@pytest.fixture(scope='module')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with watched_board(tmp_path_factory.mktemp('fuzz'), **LIMITS) as board:
        asyncio.run(warm_up(board))
        baseline = asyncio.run(figures(board))
        yield board
        asyncio.run(until_as_before(board, baseline))


async def warm_up(board: Board) -> None:
    """Have the server open what it keeps, such as connections to its database."""
    token = board.add_user('alice@example.com')
    for transport in TRANSPORTS:
        searches = [f'42["user_action",{{"action":"filter","data":{{"q":"{n}"}}}}]' for n in range(BATCH)]
        await batch(board, token, [(True, search) for search in searches], transport)
    await until_figures(board, dict.fromkeys(HELD, 0))


async def until_as_before(board: Board, baseline: dict[str, float]) -> None:
    await until_figures(board, {name: baseline[name] for name in HELD})
    async with asyncio.timeout(20):
        while any(now[name] > baseline[name] for now in [await figures(board)] for name in ALSO_HELD):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.fixture(scope='module')
def token(board: Board) -> str:
    token = board.add_user('mallory@example.com')
    with board.rest(token) as rest:
        rest.post('/api/predictions', json=[{'customer_id': f'c{n}', 'churn_score': n / 10} for n in range(10)])
    return token


# What is made up: JSON of any kind, among it the words of the protocol.

KEYS = ('action', 'data', 'timestamp', 'since', 'token', 'updates', *DATE_KEYS, *FILTER_KEYS, 'format', 'decimal')
VALUED = ('7d', 'all', 'low', 'high', 'full', 'changes', 'csv', 'xlsx', '2026-01-01', '2026-11-23T08:00:00Z')
WORDS = st.sampled_from(KEYS + VALUED)
TEXTS = st.one_of(WORDS, st.text(max_size=20), st.just(TOKEN))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=10,
)
EVENTS = st.sampled_from(['user_action', 'request_dashboard_data', 'authenticate', 'connect', 'disconnect', '*', 'x'])
PAYLOADS = st.one_of(
    st.lists(VALUES, max_size=3),
    st.tuples(EVENTS, VALUES).map(list),
    st.fixed_dictionaries({'token': TEXTS}, optional={'updates': VALUES}),
    VALUES,
)
PACKETS = st.builds(
    '{}{}{}{}'.format,
    st.sampled_from(['40', '41', '42', '42', '42', '43', '44', '45', '46', '4', '0', '1', '2', '3', '5', '6', '']),
    st.sampled_from(['', '', '', '1-', '/', '/,', '/admin,', '/admin?a=b,', ',']),
    st.one_of(st.just(''), st.integers(min_value=-1).map(str)),
    st.one_of(PAYLOADS.map(json.dumps), st.text(max_size=30)),
)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A packet with some characters missing, doubled or others."""
    packet = draw(PACKETS)
    start = draw(st.integers(0, len(packet)))
    end = draw(st.integers(start, min(len(packet), start + 5)))
    return (
        packet[:start]
        + draw(st.sampled_from(['', packet[start:end] * 2, '\0', '²', '"', '}', SEPARATOR]))
        + packet[end:]
    )


FRAMES = st.lists(st.tuples(st.booleans(), st.one_of(PACKETS, spoilt())), min_size=BATCH, max_size=BATCH)
"""Each before or after the sign-in."""

ACTIONS = st.one_of(
    st.fixed_dictionaries(
        {'action': st.sampled_from(['filter', 'date_range', 'refresh', 'export'])},
        optional={
            'data': st.one_of(VALUES, st.dictionaries(WORDS, LEAVES, max_size=3)),
            'timestamp': st.one_of(TEXTS, st.datetimes(timezones=st.timezones()).map(str)),
        },
    ),
    VALUES,
)


def on_the_wire(packet: str, token: str) -> str:
    """Without what cannot be sent: a lone surrogate is no UTF-8."""
    return packet.replace(TOKEN, token).encode(errors='replace').decode()


async def send_one(board: Board, token: str, transport: str, packet: str, *, known: bool) -> None:
    """On a connection of its own: after what is no packet nothing else would be read."""
    async with raw_engine(board.url, transport) as engine:
        if known:
            await engine.send(connect_packet(token))
        await engine.send(on_the_wire(packet, token))
    assert_tells_nothing('\n'.join(engine.heard), board)


async def batch(board: Board, token: str, frames: list[tuple[bool, str]], transport: str = 'websocket') -> None:
    async with unharmed(board) as log, signed_in(board.url, 'websocket', token) as other:
        await asyncio.gather(*(send_one(board, token, transport, packet, known=known) for known, packet in frames))
        await other.send(event_packet('request_dashboard_data', {}))
        await other.next('dashboard_update', where=lambda data: data['seq'] >= 2)
    assert 'ERROR' not in log.text, log.text


@by_either_transport
@fuzzing(max_examples=2, derandomize=True)
@given(frames=FRAMES)
def test_no_frame_breaks_the_server(board: Board, token: str, transport: str, frames: list[tuple[bool, str]]) -> None:
    asyncio.run(batch(board, token, frames, transport))


CLOSED = ' INFO services.socket_server: A connection was closed: it sent a frame that is no event of ours ('


async def all_answered(board: Board, token: str, transport: str, actions: list[Any]) -> None:
    async with unharmed(board) as log, signed_in(board.url, transport, token) as engine:
        for number, action in enumerate(actions):
            await engine.send(on_the_wire(f'42{number}["user_action",{json.dumps(action)}]', token))
        for number in range(len(actions)):
            answer = json.loads((await engine.packet(f'43{number}[')).partition('[')[2][:-1])
            assert answer.get('status') == 'ok' or answer['code'] in ('invalid_request', 'rate_limited'), answer
        assert not engine.closed.is_set()
        assert_tells_nothing('\n'.join(engine.heard), board)
    assert not [line for line in log.lines if CLOSED not in line], 'what others sent may be told late'


@by_either_transport
@fuzzing(max_examples=5, derandomize=True)
@given(actions=st.lists(ACTIONS, min_size=10, max_size=10))
def test_every_action_is_answered(board: Board, token: str, transport: str, actions: list[Any]) -> None:
    asyncio.run(all_answered(board, token, transport, actions))


@pytest.mark.long
@by_either_transport
@fuzzing(max_examples=200)
@given(frames=FRAMES, actions=st.lists(ACTIONS, min_size=10, max_size=10))
def test_nor_do_ten_thousand_others(
    board: Board, token: str, transport: str, frames: list[tuple[bool, str]], actions: list[Any]
) -> None:
    asyncio.run(batch(board, token, frames, transport))
    asyncio.run(all_answered(board, token, transport, actions))
