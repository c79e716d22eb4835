from __future__ import annotations

import pytest

from services.connection_limits import RETRY_AFTER, ConnectionLimits, Limits
from services.counters import Counters


@pytest.fixture
def counters() -> Counters:
    return Counters()


def limits(counters: Counters, **values: int) -> ConnectionLimits:
    return ConnectionLimits(Limits(**values), counters=counters)


def open_some(room: ConnectionLimits, count: int, *, address: str = 'home', authenticated: bool = True) -> list[str]:
    """As the server does: it asks first."""
    opened = []
    for _ in range(count):
        assert room.refusal(address) is None
        opened.append(f'{address} {len(room)}')
        room.opened(opened[-1], address)
        if authenticated:
            room.authenticated(opened[-1])
    return opened


def test_there_are_no_more_connections_than_the_server_can_serve(counters: Counters) -> None:
    room = limits(counters, total=3)
    first, *_ = open_some(room, 3)
    assert room.refusal('elsewhere')
    assert counters.refusals('too_many_connections') == 1
    room.closed(first)
    assert room.refusal('elsewhere') is None
    assert len(room) == 2


def test_an_address_has_no_more_than_its_share_and_takes_nothing_from_others(counters: Counters) -> None:
    room = limits(counters, per_address=2)
    first, _ = open_some(room, 2)
    assert room.refusal('home')
    assert room.refusal('elsewhere') is None
    assert counters.refusals('too_many_connections_of_address') == 1
    room.closed(first)
    assert room.refusal('home') is None


def test_those_who_have_not_signed_in_yet_take_only_their_own_places(counters: Counters) -> None:
    room = limits(counters, unauthenticated=2)
    first, second = open_some(room, 2, authenticated=False)
    assert room.refusal('elsewhere')
    assert counters.refusals('too_many_unauthenticated') == 1
    room.authenticated(first)
    assert room.refusal('elsewhere') is None
    room.left(first)  # it is open still, and as one that never signed in
    assert (room.unauthenticated, room.refusal('elsewhere') is None) == (2, False)
    room.closed(first)
    room.closed(second)
    assert (room.unauthenticated, len(room)) == (0, 0)


def test_a_user_has_no_more_than_the_share_of_one(counters: Counters) -> None:
    room = limits(counters, per_user=2)
    assert room.user_refusal(1) is None
    assert counters.refusals('too_many_connections_of_user') == 0
    refusal = room.user_refusal(2)
    assert refusal and '2 connections' in refusal.message
    assert counters.refusals('too_many_connections_of_user') == 1


def test_a_refusal_says_when_to_come_back(counters: Counters) -> None:
    refusal = limits(counters, total=0).refusal('home')
    assert refusal
    assert refusal.payload()['code'] == 'rate_limited'
    assert refusal.retry_after == RETRY_AFTER


def test_what_is_closed_twice_or_was_never_open_changes_no_count(counters: Counters) -> None:
    room = limits(counters, per_address=2)
    first, _ = open_some(room, 2)
    for connection in (first, first, 'never open'):
        room.closed(connection)
        room.left(connection)
    assert (len(room), room.unauthenticated) == (1, 0)
    open_some(room, 1)
    assert room.refusal('home')


def test_asking_from_many_addresses_leaves_nothing_behind(counters: Counters) -> None:
    room = limits(counters)
    for number in range(1_000):
        room.refusal(f'address {number}')
        for connection in open_some(room, 1, address=f'address {number}'):
            room.closed(connection)
    assert len(room._by_address) == 0
