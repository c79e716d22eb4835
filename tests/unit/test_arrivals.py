from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from services.arrivals import PER_BEAT, Arrivals
from services.connections import Connection
from services.database import Database
from services.errors import Unavailable
from services.identity import Identity
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.scores import RiskBands
from services.turns import Turn
from services.user_states import UserState, user_states
from services.watchers import Watch
from tests.accounts import NOON, add_user
from tests.unit.live_setting import FakeSocket, Live, until

T = TypeVar('T')


class Reads:
    """The database, counted; keeps back what it read while ``gate`` is closed, and fails when it is told to."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self._database = database
        self.dialect, self.asked = database.dialect, database.asked

    async def run(self, work: Callable[[], T]) -> T:
        self.count += 1
        failure, self.failure = self.failure, None
        if failure:
            raise failure
        found = await self._database.run(work)
        await self.gate.wait()
        return found


class Announcing(Live):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reads = Reads(self.database)
        self.arrivals = Arrivals(
            database=self.reads,  # type: ignore[arg-type]
            connections=self.connections,
            emitter=self.emitter,
            supervisor=self.supervisor,
            bands=RiskBands(),
        )

    async def note(self, count: int) -> None:
        await self.arrivals.note(*self.take(count))

    async def turn(self) -> None:
        """A beat of the user, and all that comes of it."""
        await self.arrivals.beat([self.user_id])
        await self.quiet()

    async def quiet(self) -> None:
        await until(lambda: not self.supervisor._tasks)


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Announcing]:
    live = Announcing(tmp_path)
    yield live
    live.reads.gate.set()
    await live.close()


def announced(socket: FakeSocket) -> list[tuple[int, int | None]]:
    """The id of each event, and how many more it stands for."""
    return [(int(item['id']), item.get('more')) for item in socket.of('new_prediction')]


def accounted(socket: FakeSocket) -> int:
    """How many predictions the events tell of."""
    return sum(1 + (more or 0) for _, more in announced(socket))


async def test_each_arrival_is_announced_once_and_a_stream_is_summed_up_at_the_beat(live: Announcing) -> None:
    socket = live.connect()
    for expected in ([1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 6]):
        await live.note(2)
        await until(lambda expected=expected: [number for number, _ in announced(socket)] == expected)
    await live.note(2)
    await live.note(3)
    await live.turn()
    assert announced(socket)[4:] == [(6, 1), (11, 4)]


async def test_of_many_at_once_the_newest_are_told_and_the_last_says_how_many_more_there_were(live: Announcing) -> None:
    socket = live.connect()
    await live.note(12)
    await live.quiet()
    assert announced(socket) == [(8, None), (9, None), (10, None), (11, None), (12, 7)]


async def test_what_comes_while_others_are_being_read_does_not_go_beyond_the_events_of_a_beat(live: Announcing) -> None:
    socket = live.connect()
    live.reads.gate.clear()
    await live.note(7)
    await until(lambda: live.reads.count == 1)
    await live.note(3)
    await live.note(2)
    live.reads.gate.set()
    await live.quiet()
    assert len(announced(socket)) == PER_BEAT
    await live.turn()
    assert announced(socket)[PER_BEAT:] == [(12, 4)], 'they are told as one at the next beat'


@pytest.mark.parametrize('seed', range(3))
async def test_every_prediction_is_accounted_for_once_and_no_beat_has_more_events_than_it_may(
    live: Announcing, seed: int
) -> None:
    rng, socket = random.Random(seed), live.connect()
    taken = at_beat = 0
    for _ in range(25):
        match rng.randrange(4):
            case 0:
                live.reads.gate.set()
                await live.quiet()
                assert len(announced(socket)) - at_beat <= PER_BEAT
                at_beat = len(announced(socket))
                await live.arrivals.beat([live.user_id])
            case 1:
                live.reads.gate.clear()
            case 2:
                live.reads.gate.set()
                await live.quiet()
            case _:
                count = rng.choice([1, 2, 3, 9])
                taken += count
                await live.note(count)
    live.reads.gate.set()
    await live.quiet()
    await live.turn()
    assert accounted(socket) == taken
    numbers = [number for number, _ in announced(socket)]
    assert numbers == sorted(set(numbers))


async def test_what_could_not_be_read_is_told_at_the_next_beat(
    live: Announcing, caplog: pytest.LogCaptureFixture
) -> None:
    socket = live.connect()
    live.reads.failure = Unavailable('away')
    await live.note(3)
    await live.quiet()
    assert 'Unavailable' in caplog.text
    for count in (9, 2):
        await live.note(count)
        await live.quiet()
    await live.turn()
    assert announced(socket) == [(14, 13)]


async def test_what_nobody_is_connected_for_is_not_read(live: Announcing) -> None:
    await live.note(2)
    await live.turn()
    assert live.reads.count == 0
    socket = live.connect()
    await live.note(1)
    await live.quiet()
    assert announced(socket) == [(3, None)]


async def test_what_was_held_back_for_one_who_left_is_not_news_to_the_next_who_comes(live: Announcing) -> None:
    live.connect()
    await live.note(PER_BEAT)
    await live.quiet()
    await live.note(3)
    live.connections.remove('s1')
    await live.arrivals.beat([])  # others' turn
    socket = live.connect('s2')
    await live.turn()
    assert announced(socket) == []


async def test_new_predictions_of_many_users_are_read_by_one_statement(live: Announcing) -> None:
    sockets = [live.connect()]
    others = [add_user(live.database, f'u{number}@example.com') for number in range(3)]
    for number, user in enumerate(others):
        sockets.append(FakeSocket(f'o{number}'))
        live.connections.add(
            Connection(
                sid=f'o{number}',
                socket=sockets[-1],
                identity=Identity.of(user, expires_at=NOON + timedelta(hours=1)),
                watch=Watch(lambda _: None, 1, Turn()),
            )
        )
    changes = [live.take(1), *(take_of(live, user.id, number + 2) for number, user in enumerate(others))]
    for before, now in changes:
        await live.arrivals.note(before, now)
    await live.quiet()
    assert live.reads.count == 1
    assert [len(announced(socket)) for socket in sockets] == [1, 2, 3, 4]
    owners = [{item['user_id'] for item in socket.of('new_prediction')} for socket in sockets]
    assert owners == [{str(live.user_id)}, *({str(user.id)} for user in others)], 'nobody is told of others'


def take_of(live: Announcing, user_id: int | None, count: int) -> tuple[UserState, UserState]:
    assert user_id
    rows = [PredictionRow(1, f'c{number}', 500_000, None) for number in range(count)]
    states = []
    for file in ([], rows):
        if file:
            Ingest(live.database, clock=live.clock).take(user_id, file, kind=SourceKind.API, name='')
        with live.database.reading() as session:
            states.append(user_states(session, [user_id])[user_id])
    return states[0], states[1]


async def test_an_event_is_an_item_of_the_activity_with_the_time_it_was_committed(live: Announcing) -> None:
    socket = live.connect()
    live.clock.advance(minutes=3)
    await live.note(1)
    await live.quiet()
    (event,) = socket.of('new_prediction')
    snapshot = await live.hub.snapshot(live.user_id, live.connection().query)
    shown: dict[str, Any] = snapshot.payload['recent_activity'][0]
    assert event == {**shown, 'committed_at': '2026-11-23T12:03:00.000Z'}
