"""What is read as a difference to what was known is what would be read anew."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from services import users
from services.clock import to_micros
from services.customer_removal import remove_customer
from services.dashboard import Dashboard
from services.database import Database
from services.errors import NotFound
from services.models import SourceKind, User
from services.overviews import Overview, Overviews
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.scores import RiskBands
from services.sources import Sources
from services.user_states import UserState, changed_states, known_as, user_states
from tests.accounts import SettableClock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STEPS = 40


class Office:
    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.bands = database, SettableClock(NOW), RiskBands()
        self.dashboard = Dashboard(bands=self.bands)
        self.overviews = self.new_overviews()
        self.ingest = Ingest(database, clock=self.clock)
        self.users = [self.add_user(f'u{number}@example.com') for number in range(4)]

    def new_overviews(self) -> Overviews:
        return Overviews(self.database, bands=self.bands, clock=self.clock)

    def add_user(self, email: str, zone: str = 'UTC') -> int:
        with self.database.writing() as session:
            user_id = users.add(session, email, password_hash='x', time_zone=zone).id
        assert user_id
        return user_id

    def states(self) -> dict[int, UserState]:
        with self.database.reading() as session:
            return user_states(session, self.users)

    async def known(self, overviews: Overviews, state: UserState) -> Overview:
        found = await overviews.get(state, self.dashboard.today(state.time_zone, self.clock.now))
        assert found
        return found

    def numbers(self, user_id: int, zone: str) -> object:
        selection = self.dashboard.selection(user_id, DashboardQuery(), zone=zone, now=self.clock.now)
        with self.database.reading() as session:
            return self.dashboard.numbers(session, selection)


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    yield Office(database)


def change(office: Office, rng: random.Random, user_id: int) -> None:
    """One of the things that may happen to a user's data."""

    def row(number: int) -> PredictionRow:
        at = to_micros(office.clock.now - timedelta(hours=rng.choice([0, 0, 1, 30, 400]), seconds=rng.randrange(60)))
        name = rng.choice([None, None, f'Name {rng.randrange(3)}'])
        external = rng.choice([None, f'x{rng.randrange(12)}'])
        customer = f'c{rng.randrange(9)}'
        return PredictionRow(number, customer, rng.randrange(1_000_001), at, external_id=external, customer_name=name)

    match rng.randrange(6):
        case 0:
            office.clock.advance(hours=rng.choice([1, 20]))
        case 1:
            remove_customer(office.database, user_id, f'c{rng.randrange(9)}', bands=office.bands)
        case 2:
            sources = Sources(office.database, bands=office.bands)
            if listed := sources.list(user_id):
                sources.remove(user_id, rng.choice(listed).id)
        case _:
            rows = [row(number) for number in range(rng.choice([1, 1, 2, 5, 30]))]
            office.ingest.take(user_id, rows, kind=SourceKind.FILE, name=f'{rng.randrange(9)}.csv')


@pytest.mark.parametrize('seed', [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 10))])
async def test_whatever_happens_the_difference_leads_to_what_is_there(office: Office, seed: int) -> None:
    rng = random.Random(seed)
    for step in range(STEPS):
        user_id = rng.choice(office.users)
        try:
            change(office, rng, user_id)
        except NotFound:  # no such customer
            continue
        fresh = office.new_overviews()
        for state in office.states().values():
            kept, anew = await office.known(office.overviews, state), await office.known(fresh, state)
            assert (kept.numbers, kept.facts.newest) == (anew.numbers, anew.facts.newest), f'step {step}'
            assert kept.numbers == office.numbers(state.user_id, state.time_zone), f'step {step}'


async def test_users_of_several_days_are_read_together(office: Office) -> None:
    office.users = [office.add_user(f'{zone}@example.com', zone) for zone in ('UTC', 'Pacific/Auckland', 'Asia/Tokyo')]
    office.clock.now = datetime(2026, 11, 23, 14, tzinfo=UTC)
    for user_id in office.users:
        rows = [PredictionRow(1, 'a', 500_000, to_micros(office.clock.now - timedelta(hours=10)))]
        office.ingest.take(user_id, rows, kind=SourceKind.API, name='')
    states = office.states()
    days = {state: office.dashboard.today(state.time_zone, office.clock.now) for state in states.values()}
    await office.overviews.prepare(days)
    found = {user_id: office.overviews.ready(state, days[state]) for user_id, state in states.items()}
    today = {user_id: one.numbers.metrics.new_predictions_today for user_id, one in found.items() if one}
    assert list(today.values()) == [1, 0, 1]
    for user_id, state in states.items():
        one = found[user_id]
        assert one and one.numbers == office.numbers(user_id, state.time_zone)


async def test_one_without_rollups_has_no_overview(office: Office) -> None:
    state = office.states()[office.users[0]]
    assert await office.known(office.overviews, state), 'of one without data all is known'
    bare = state._replace(arrivals=1, rollup_zone=None)
    assert await office.overviews.get(bare, NOW.date()) is None


def test_only_users_who_changed_are_read(office: Office) -> None:
    states: dict[int, UserState | None] = {**office.states(), 99: None}
    first, second, third, _ = office.users
    office.ingest.take(first, [PredictionRow(1, 'a', 1, None)], kind=SourceKind.API, name='')
    with office.database.writing() as session:
        users.set_disabled(session, 'u1@example.com', disabled=True)
        session.execute(update(User).where(col(User.id) == first).values(token_version=3, access_revision=4))
    with office.database.reading() as session:
        changed = changed_states(session, [known_as(*known) for known in states.items()])
    assert set(changed) == {first, second, 99}
    assert changed[99] is None
    assert changed[second] and changed[second].disabled
    with office.database.writing() as session:
        users.set_disabled(session, 'u1@example.com', disabled=False)
    with office.database.reading() as session:
        again = changed_states(session, [known_as(*known) for known in {**states, **changed, third: None}.items()])
    assert set(again) == {second, third, 99}
