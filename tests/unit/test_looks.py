from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from services import migrations, users
from services.database import Database
from services.errors import InvalidToken, Unavailable
from services.looks import Looks
from services.models import SourceKind, User
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.user_lookup import UserLookup
from services.user_states import UserState
from services.watchers import Watchers
from tests.accounts import SettableClock, add_user


class Lookup(UserLookup):
    """Fails when it is told to; keeps back what it read until its gate is opened, if there is one."""

    failure: Exception | None = None
    gate: asyncio.Event | None = None
    held = 0
    state_gate: asyncio.Event | None = None

    async def state(self, user_id: int) -> UserState | None:
        found, gate = await super().state(user_id), self.state_gate
        if gate:
            self.held += 1
            await gate.wait()
        return found

    async def changed(self, known: Collection[str]) -> dict[int, UserState | None]:
        if self.failure:
            raise self.failure
        found, gate = await super().changed(known), self.gate
        if gate:
            self.held += 1
            await gate.wait()
        return found


class Setting:
    def __init__(self, folder: Path, *, in_turn: bool) -> None:
        self.in_turn = in_turn
        """Whether those who are watched are looked at together, as at each beat."""
        self.database = Database.open(f'sqlite:///{folder}/x.sqlite3')
        migrations.upgrade(self.database)
        self.clock = SettableClock()
        self.watchers = Watchers(lambda user_id: self.looks.forget(user_id))  # noqa: PLW0108 -- they are made below
        self.lookup = Lookup(self.database)
        self.looks = Looks(self.lookup, self.watchers, clock=self.clock)
        self.told: list[tuple[int, int, int]] = []
        self.looks.on_change(self.hear)
        ids = [add_user(self.database, f'{name}@example.com').id for name in ('alice', 'bob')]
        self.alice, self.bob = (user_id for user_id in ids if user_id)

    async def hear(self, before: UserState, now: UserState) -> None:
        self.told.append((now.user_id, before.revision, now.revision))

    def take(self, user_id: int) -> None:
        rows = [PredictionRow(1, 'c', 500_000, None)]
        Ingest(self.database, clock=self.clock).take(user_id, rows, kind=SourceKind.API, name='')

    async def look(self, *users: int) -> None:
        await self.looks.look(self.watchers.at(0) if self.in_turn else users)

    def revision(self, user_id: int) -> int | None:
        seen = self.looks.seen(user_id)
        return seen.state.revision if seen and seen.state else None

    def at(self, user_id: int) -> datetime | None:
        seen = self.looks.seen(user_id)
        return seen.at if seen else None

    async def begin_late_look(self) -> tuple[asyncio.Task[None], asyncio.Event]:
        """A look that has read, and comes back when its gate is opened."""
        self.lookup.gate = gate = asyncio.Event()
        late = asyncio.create_task(self.look(self.alice))
        await self.until_held()
        self.lookup.gate = None
        return late, gate

    async def until_held(self) -> None:
        async with asyncio.timeout(60):
            while not self.lookup.held:  # noqa: ASYNC110 -- it reads on another thread
                await asyncio.sleep(0.005)
        self.lookup.held = 0


@pytest.fixture(params=[False, True], ids=['alone', 'in turn'])
def setting(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Setting]:
    setting = Setting(tmp_path, in_turn=request.param)
    yield setting
    setting.database.close()


async def test_only_those_who_are_watched_and_changed_are_told_of(setting: Setting) -> None:
    setting.watchers.add(setting.alice, None)
    await setting.look(setting.alice, setting.bob)
    for user_id in (setting.alice, setting.bob):
        setting.take(user_id)
    for _ in range(2):
        await setting.look(setting.alice, setting.bob)
    assert setting.told == [(setting.alice, 0, 1)]
    assert setting.looks.seen(setting.bob) is None


async def test_the_time_of_a_look_is_that_of_its_beginning(setting: Setting) -> None:
    """What was committed after it is not in it."""
    setting.watchers.add(setting.alice, None)
    began = setting.clock.now
    late, gate = await setting.begin_late_look()
    setting.clock.advance(seconds=3)
    gate.set()
    await late
    seen = setting.looks.seen(setting.alice)
    assert seen and seen.at == began


@pytest.mark.parametrize('step', [-7_200, 0, 7_200])
async def test_changes_are_seen_whatever_the_clock_is_set_to(setting: Setting, step: int) -> None:
    setting.watchers.add(setting.alice, None)
    await setting.look(setting.alice)
    setting.clock.advance(seconds=step)
    setting.take(setting.alice)
    with setting.database.writing() as session:
        users.set_disabled(session, 'alice@example.com', disabled=True)
    await setting.look(setting.alice)
    assert setting.revision(setting.alice) == 1
    assert setting.looks.present(setting.alice) is None, 'a disabled user is let in by no clock'


async def test_a_user_that_is_gone_is_noticed(setting: Setting) -> None:
    setting.watchers.add(setting.alice, None)
    setting.take(setting.alice)
    await setting.look(setting.alice)
    with setting.database.writing() as session:
        session.delete(session.get_one(User, setting.alice))
    setting.clock.advance(seconds=5)
    await setting.look(setting.alice)
    seen = setting.looks.seen(setting.alice)
    assert seen and seen.state is None
    with pytest.raises(InvalidToken):
        await setting.looks.current(setting.alice)


async def test_a_look_that_comes_back_late_brings_nothing_old_back(setting: Setting) -> None:
    setting.watchers.add(setting.alice, None)
    await setting.look(setting.alice)
    setting.take(setting.alice)
    late, gate = await setting.begin_late_look()
    setting.take(setting.alice)
    await setting.look(setting.alice)
    gate.set()
    await late
    assert setting.revision(setting.alice) == 2
    assert setting.told == [(setting.alice, 0, 2)]


async def test_a_look_that_comes_back_after_its_user_was_left_keeps_nothing(setting: Setting) -> None:
    watch = setting.watchers.add(setting.alice, None)
    late, gate = await setting.begin_late_look()
    watch.close()
    gate.set()
    await late
    assert setting.looks.seen(setting.alice) is None


async def test_a_failure_is_told_to_who_asks_until_a_look_succeeds(setting: Setting) -> None:
    setting.watchers.add(setting.alice, None)
    await setting.look(setting.alice)
    setting.lookup.failure = Unavailable('away')
    await setting.look(setting.alice)
    assert setting.looks.away
    assert setting.looks.present(setting.alice) is None
    with pytest.raises(Unavailable, match='away'):
        await setting.looks.current(setting.alice)
    setting.lookup.failure = None
    await setting.look(setting.alice)
    state, _ = await setting.looks.current(setting.alice)
    assert state.user_id == setting.alice


async def test_a_watched_user_is_read_when_somebody_asks_before_the_first_look(setting: Setting) -> None:
    setting.watchers.add(setting.alice, None)
    setting.take(setting.alice)
    state, at = await setting.looks.current(setting.alice)
    assert (state.revision, at) == (1, setting.clock.now)
    assert setting.revision(setting.alice) == 1
    setting.take(setting.alice)
    again, _ = await setting.looks.current(setting.alice)
    assert again is state, 'from then on the next look says it'
    await setting.look(setting.alice)
    assert setting.told == [(setting.alice, 1, 2)]


async def test_one_whom_nobody_watches_is_read_anew_each_time_and_not_kept(setting: Setting) -> None:
    for revision in (0, 1):
        state, _ = await setting.looks.current(setting.alice)
        assert state.revision == revision
        setting.take(setting.alice)
    assert setting.looks.seen(setting.alice) is None


async def test_a_look_makes_younger_whom_it_asked_about_and_found_unchanged(setting: Setting) -> None:
    for user_id in (setting.alice, setting.bob):
        setting.watchers.add(user_id, None)
    began = setting.clock.now
    await setting.look(setting.alice, setting.bob)
    setting.take(setting.bob)
    before = setting.looks.present(setting.alice)
    for _ in range(2):
        setting.clock.advance(seconds=5)
        await setting.look(setting.alice, setting.bob)
        assert {setting.at(setting.alice), setting.at(setting.bob)} == {setting.clock.now}
    assert setting.looks.present(setting.alice) is before
    await setting.looks.look([setting.alice])
    assert setting.clock.now > began
    assert setting.told == [(setting.bob, 0, 1)]


async def test_a_look_says_nothing_of_one_who_came_while_it_was_under_way(setting: Setting) -> None:
    setting.watchers.add(setting.alice, None)
    await setting.look(setting.alice)
    asked = setting.clock.now
    late, gate = await setting.begin_late_look()
    setting.watchers.add(setting.bob, None)
    await setting.looks.current(setting.bob)
    read = setting.clock.now
    gate.set()
    await late
    assert (setting.at(setting.alice), setting.at(setting.bob)) == (asked, read)
    setting.clock.advance(seconds=5)
    setting.watchers.add(setting.bob, None)
    await setting.look(setting.alice, setting.bob)
    assert {setting.at(setting.alice), setting.at(setting.bob)} == {setting.clock.now}


async def test_a_look_says_nothing_of_one_whose_state_was_read_before_it_began(setting: Setting) -> None:
    setting.watchers.add(setting.alice, None)
    await setting.look(setting.alice)
    setting.lookup.state_gate = state_gate = asyncio.Event()
    asked, read = asyncio.create_task(setting.looks.current(setting.bob)), setting.clock.now
    await setting.until_held()
    setting.clock.advance(seconds=5)
    late, gate = await setting.begin_late_look()
    setting.watchers.add(setting.bob, None)
    state_gate.set()
    await asked
    gate.set()
    await late
    assert (setting.at(setting.alice), setting.at(setting.bob)) == (setting.clock.now, read)


async def test_what_is_known_to_be_old_becomes_no_younger_while_others_are_told(setting: Setting) -> None:
    ages: list[tuple[object, object]] = []

    async def note(before: UserState, _now: UserState) -> None:
        other = setting.bob if before.user_id == setting.alice else setting.alice
        ages.append((setting.revision(other), setting.at(other)))

    for user_id in (setting.alice, setting.bob):
        setting.watchers.add(user_id, None)
    began = setting.clock.now
    await setting.look(setting.alice, setting.bob)
    for user_id in (setting.alice, setting.bob):
        setting.take(user_id)
    setting.looks.on_change(note)
    setting.clock.advance(seconds=5)
    await setting.look(setting.alice, setting.bob)
    assert ages == [(0, began), (1, setting.clock.now)]


async def test_one_who_left_and_came_back_is_read_anew(setting: Setting) -> None:
    watch = setting.watchers.add(setting.alice, None)
    await setting.look(setting.alice)
    setting.take(setting.alice)
    late, gate = await setting.begin_late_look()
    watch.close()
    setting.watchers.add(setting.alice, None)
    gate.set()
    await late
    await setting.look(setting.alice)
    assert setting.revision(setting.alice) == 1
