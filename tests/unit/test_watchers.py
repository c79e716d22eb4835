from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

from services.watchers import Watchers, phase_of


async def listener() -> None:
    """Is only compared."""


async def other() -> None:
    """The same."""


def test_users_are_spread_evenly_over_the_beat() -> None:
    for first, step in ((1, 1), (1_000_000, 1), (1, 7), (1, 50)):
        phases = Counter(phase_of(first + step * number, 50) for number in range(4_000))
        assert set(phases) == set(range(50)), 'every moment is used'
        assert max(phases.values()) <= 1.5 * 4_000 / 50


def test_few_neighbours_are_far_from_each_other() -> None:
    turns = sorted(phase_of(user_id, 50) for user_id in range(1, 6))
    assert min(later - earlier for earlier, later in pairwise(turns)) >= 5


def test_a_users_turn_is_always_the_same() -> None:
    watchers = Watchers(lambda _: None, phases=50)
    for user_id in range(1, 200):
        for _ in range(2):
            watch = watchers.add(user_id, None)
            assert [phase for phase in range(50) if user_id in watchers.at(phase)] == [phase_of(user_id, 50)]
            watch.close()
        assert user_id not in watchers.at(phase_of(user_id, 50))


def test_after_any_watching_and_leaving_each_watched_user_has_one_turn_a_beat() -> None:
    left: list[int] = []
    rng, watchers = random.Random(2), Watchers(left.append, phases=7)
    watches: list[tuple[int, object]] = []
    for _ in range(2_000):
        if watches and rng.random() < 0.5:
            user_id, watch = watches.pop(rng.randrange(len(watches)))
            left.clear()
            watch.close()  # type: ignore[attr-defined]
            assert (left == [user_id]) == (user_id not in {user for user, _ in watches})
        else:
            user_id = rng.randrange(30)
            watches.append((user_id, watchers.add(user_id, None)))
        watched = sorted({user for user, _ in watches})
        assert sorted(watchers.users()) == watched
        assert sorted(user for phase in range(7) for user in watchers.at(phase)) == watched
        assert [user for user in range(30) if user in watchers] == watched


def test_the_last_who_leaves_is_told_of_and_closing_twice_is_the_same_as_once() -> None:
    left: list[int] = []
    watchers = Watchers(left.append)
    first, second = watchers.add(1, None), watchers.add(1, None)
    first.close()
    first.close()
    assert (watchers.users(), left) == ([1], [])
    second.close()
    second.close()
    assert (watchers.users(), left) == ([], [1])


def test_only_those_who_watch_the_user_and_want_to_know_are_told_of_a_change() -> None:
    watchers = Watchers(lambda _: None)
    first = watchers.add(1, listener)
    watchers.add(1, None)
    watchers.add(2, other)
    assert (watchers.listeners(1), watchers.listeners(2), watchers.listeners(3)) == ([listener], [other], [])
    first.close()
    assert watchers.listeners(1) == []
    assert watchers.users() == [1, 2], 'asking makes nobody watched'
