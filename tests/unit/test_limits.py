"""Rates, connections, and the spreading of users over the beat."""

from __future__ import annotations

from collections import Counter

import pytest

from services.connection_limits import ConnectionLimits, Limits
from services.counters import Counters
from services.rate_limit import REMEMBERED, RateLimit
from services.watchers import Watchers, phase_of


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_allowed_and_then_so_many_a_second() -> None:
    time = Time()
    limit = RateLimit(per_second=2, burst=3, monotonic=time)
    assert [limit.take('a') for _ in range(4)] == [0, 0, 0, pytest.approx(0.5)]
    assert limit.take('b') == 0
    time.now += 0.5
    assert limit.wait('a') == 0
    assert [limit.take('a'), limit.take('a')] == [0, pytest.approx(0.5)]
    time.now += 60
    assert [limit.take('a') for _ in range(4)] == [0, 0, 0, pytest.approx(0.5)]
    limit.forget('a')
    assert limit.take('a') == 0


def test_what_was_used_least_lately_is_forgotten() -> None:
    limit = RateLimit(per_second=0.001, burst=1, monotonic=Time())
    for key in range(REMEMBERED + 1):
        limit.take(key)
    assert limit.take(0) == 0
    assert limit.take(REMEMBERED) > 0


def limits(**most: int) -> tuple[ConnectionLimits, Counters]:
    counters = Counters()
    return ConnectionLimits(Limits(**most), counters=counters), counters


@pytest.mark.parametrize(
    ('most', 'reason'),
    [
        ({'total': 2}, 'too_many_connections'),
        ({'per_address': 2}, 'too_many_connections_of_address'),
        ({'unauthenticated': 2}, 'too_many_unauthenticated'),
    ],
)
def test_there_is_room_again_when_one_leaves(most: dict[str, int], reason: str) -> None:
    connections, counters = limits(**most)
    for name in ('a', 'b'):
        assert connections.refusal('1.2.3.4') is None
        connections.opened(name, '1.2.3.4')
    refusal = connections.refusal('1.2.3.4')
    assert refusal and refusal.retry_after
    assert counters.refusals(reason) == 1
    connections.closed('a')
    connections.closed('a')
    assert connections.refusal('1.2.3.4') is None


def test_others_are_not_refused_for_one_address() -> None:
    connections, _ = limits(per_address=1)
    connections.opened('a', '1.2.3.4')
    assert connections.refusal('1.2.3.4')
    assert connections.refusal('5.6.7.8') is None


def test_one_who_signed_in_is_no_longer_unknown_and_one_who_left_the_namespace_is_again() -> None:
    connections, _ = limits(unauthenticated=1)
    connections.opened('a', 'x')
    connections.authenticated('a')
    assert connections.refusal('x') is None
    connections.left('a')
    assert connections.refusal('x')
    connections.closed('a')
    connections.left('a')
    assert (len(connections), connections.unauthenticated) == (0, 0)


def test_a_user_has_a_number_of_connections() -> None:
    connections, counters = limits(per_user=2)
    assert connections.user_refusal(1) is None
    assert connections.user_refusal(2)
    assert counters.refusals('too_many_connections_of_user') == 1


def test_users_are_spread_over_the_beat_and_keep_their_turn() -> None:
    turns = Counter(phase_of(user_id, 25) for user_id in range(1, 4_001))
    assert set(turns) == set(range(25))
    assert max(turns.values()) < 1.2 * 4_000 / 25
    neighbours = [phase_of(user_id, 25) for user_id in range(1, 11)]
    assert len(set(neighbours)) == 10


def test_each_user_who_is_watched_has_one_turn() -> None:
    left: list[int] = []
    watchers = Watchers(left.append, phases=7)
    watches = {user_id: [watchers.add(user_id, None) for _ in range(2)] for user_id in range(50)}
    assert sorted(user_id for phase in range(7) for user_id in watchers.at(phase)) == list(range(50))
    for watch in watches[3]:
        assert 3 in watchers
        watch.close()
    assert 3 not in watchers
    assert left == [3]
    assert 3 not in [user_id for phase in range(7) for user_id in watchers.at(phase)]
