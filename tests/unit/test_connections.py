"""Connections are found by their ids and by their users, until they end."""

from __future__ import annotations

import random

from services.connections import Connection, Connections
from services.identity import Identity
from services.watchers import Watchers
from tests.accounts import NOON
from tests.unit.live_setting import FakeSocket


def test_after_any_coming_and_going_each_is_found_by_its_id_and_its_user() -> None:
    rng, connections, watchers = random.Random(3), Connections(), Watchers(lambda _: None)
    open_: dict[str, Connection] = {}
    for number in range(1_000):
        if open_ and rng.random() < 0.5:
            sid = rng.choice(list(open_))
            del open_[sid]
            connections.remove(sid)
            connections.remove(sid)
        else:
            user_id, sid = rng.randrange(1, 6), f's{number}'
            identity = Identity(user_id=user_id, email='', name='', time_zone='UTC', token_version=0, expires_at=NOON)
            watch = watchers.add(user_id, None)
            open_[sid] = Connection(sid=sid, socket=FakeSocket(sid), identity=identity, watch=watch)
            connections.add(open_[sid])
        assert {each.sid: each for each in connections} == open_
        assert len(connections) == len(open_)
        for user_id in range(1, 6):
            of_user = [each for each in open_.values() if each.identity.user_id == user_id]
            assert connections.of(user_id) == of_user
            assert (user_id in watchers) == bool(of_user), 'whose last one ended is watched no longer'
    assert all(connections.get(sid) is each for sid, each in open_.items())
    assert connections.get('s-1') is None
