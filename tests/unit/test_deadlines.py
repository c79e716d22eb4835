"""The times at which connections are acted on: by the time of day, each once, and nothing is held on to for long."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from services.clock import system_clock
from services.connections import Connection, Connections
from services.deadlines import SPARE, Deadlines
from services.identity import Identity
from services.turns import Turn
from services.watchers import Watch
from tests.accounts import NOON, SettableClock
from tests.unit.live_setting import FakeSocket, until

WHO = Identity(user_id=1, email='', name='', time_zone='UTC', token_version=0, expires_at=NOON)


def after(**duration: float) -> datetime:
    return NOON + timedelta(**duration)


class Setting:
    """Deadlines whose times are told by a clock that is set."""

    def __init__(self) -> None:
        self.clock, self.connections = SettableClock(), Connections()
        self.acted: list[str] = []
        self.deadlines = Deadlines(self.connections, self.act, clock=self.clock)

    def act(self, connection: Connection, _now: datetime) -> None:
        self.acted.append(connection.sid)

    def connect(self, sid: str) -> Connection:
        connection = Connection(sid=sid, socket=FakeSocket(sid), identity=WHO, watch=Watch(lambda _: None, 1, Turn()))
        self.connections.add(connection)
        return connection

    def look_after(self, **duration: float) -> list[str]:
        """Who is acted on at that time after noon."""
        self.clock.now = after(**duration)
        self.acted.clear()
        self.deadlines.look()
        return self.acted


@pytest.fixture
def setting() -> Iterator[Setting]:
    yield Setting()


async def test_each_is_acted_on_once_and_in_the_order_of_their_times(setting: Setting) -> None:
    for sid, seconds in (('late', 9), ('early', 3), ('between', 5)):
        setting.deadlines.set(setting.connect(sid), after(seconds=seconds))
    assert setting.look_after(seconds=2.999) == []
    assert setting.look_after(seconds=5) == ['early', 'between']
    assert setting.look_after(seconds=8) == []
    assert setting.look_after(seconds=60) == ['late']
    assert setting.look_after(seconds=90) == []


@pytest.mark.parametrize('later', [9, 1])
async def test_the_time_that_was_set_last_counts(setting: Setting, later: int) -> None:
    connection = setting.connect('a')
    setting.deadlines.set(connection, after(seconds=5))
    setting.deadlines.set(connection, after(seconds=later))
    assert setting.look_after(seconds=later - 0.001) == []
    assert setting.look_after(seconds=later) == ['a']
    assert setting.look_after(seconds=90) == []


async def test_one_that_is_set_for_no_time_is_not_acted_on(setting: Setting) -> None:
    connection = setting.connect('a')
    setting.deadlines.set(connection, after(seconds=5))
    setting.deadlines.set(connection, None)
    assert setting.look_after(seconds=90) == []


async def test_one_that_has_ended_is_neither_acted_on_nor_held(setting: Setting) -> None:
    setting.deadlines.set(setting.connect('a'), after(hours=1))
    ended = setting.connections.get('a')
    assert ended
    socket = weakref.ref(ended.socket)
    setting.connections.remove('a')
    del ended
    gc.collect()
    assert socket() is None
    assert setting.look_after(hours=2) == []


async def test_what_is_out_of_date_goes_when_it_is_most_of_what_waits(setting: Setting) -> None:
    renewing = setting.connect('renewing')
    for minutes in range(1_000):
        setting.deadlines.set(renewing, after(minutes=minutes))
        assert len(setting.deadlines) <= 2 + SPARE
    for number in range(1_000):
        setting.deadlines.set(setting.connect(f'{number}'), after(hours=1))
    assert len(setting.deadlines) >= 1_001
    for number in range(1_000):
        setting.connections.remove(f'{number}')
    assert setting.look_after(seconds=1) == []
    assert len(setting.deadlines) == 1
    assert setting.look_after(minutes=1_000) == ['renewing']


async def test_one_that_fails_keeps_no_other_waiting(setting: Setting, caplog: pytest.LogCaptureFixture) -> None:
    def fail(connection: Connection, now: datetime) -> None:
        setting.act(connection, now)
        if connection.sid == 'bad':
            raise RuntimeError('not now')

    deadlines = Deadlines(setting.connections, fail, clock=setting.clock)
    for sid in ('bad', 'good'):
        deadlines.set(setting.connect(sid), NOON)
    deadlines.look()
    assert setting.acted == ['bad', 'good']
    assert 'not now' in caplog.text


async def test_it_wakes_by_itself_for_one_that_is_set_later_and_due_earlier(setting: Setting) -> None:
    deadlines = Deadlines(setting.connections, setting.act, clock=system_clock)
    deadlines.set(setting.connect('in an hour'), system_clock() + timedelta(hours=1))
    soon = system_clock() + timedelta(seconds=0.1)
    deadlines.set(setting.connect('soon'), soon)
    deadlines.set(setting.connect('a little later'), soon + timedelta(seconds=0.05))
    await until(lambda: setting.acted == ['soon'])
    assert system_clock() >= soon
    await until(lambda: setting.acted == ['soon', 'a little later'])


async def test_it_waits_on_where_the_clock_was_set_back(setting: Setting) -> None:
    """Everybody else goes by the time of day as well."""
    setting.deadlines.set(setting.connect('a'), after(seconds=0.01))
    setting.clock.now = after(hours=-1)
    setting.deadlines.look()
    assert setting.acted == []
    setting.clock.now = after(seconds=0.01)
    setting.deadlines.look()
    assert setting.acted == ['a']


async def test_it_sleeps_on_when_it_wakes_too_early(setting: Setting) -> None:
    """Timers count in milliseconds of a clock of their own."""
    told = iter([NOON, NOON, NOON, NOON])
    deadlines = Deadlines(setting.connections, setting.act, clock=lambda: next(told, after(seconds=0.02)))
    deadlines.set(setting.connect('a'), after(seconds=0.02))
    await until(lambda: setting.acted == ['a'])
    assert next(told, None) is None
