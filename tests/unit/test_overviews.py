"""What is read as a difference to what was known is what would be read anew."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from services import users
from services.clock import to_micros
from services.database import Database
from services.errors import NotFound
from services.models import SourceKind, User
from services.overviews import Overview, Overviews
from services.prediction_rows import PredictionRow
from services.user_states import UserState, changed_states, known_as
from tests.office import NOW, Office, change

STEPS = 40


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def overviews_of(office: Office) -> Overviews:
    return Overviews(office.database, bands=office.bands, clock=office.clock)


async def overview(office: Office, overviews: Overviews, state: UserState) -> Overview:
    found = await overviews.get(state, office.today(state))
    assert found
    return found


def numbers(office: Office, state: UserState) -> object:
    with office.database.reading() as session:
        return office.dashboard.numbers(session, office.selection(state))


@pytest.mark.parametrize('seed', [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 10))])
async def test_whatever_happens_the_difference_leads_to_what_is_there(office: Office, seed: int) -> None:
    rng, overviews = random.Random(seed), overviews_of(office)
    for step in range(STEPS):
        try:
            change(office, rng)
        except NotFound:
            continue
        fresh = overviews_of(office)
        for state in office.states().values():
            kept, anew = await overview(office, overviews, state), await overview(office, fresh, state)
            assert (kept.numbers, kept.facts.newest) == (anew.numbers, anew.facts.newest), f'step {step}'
            assert kept.numbers == numbers(office, state), f'step {step}'


async def test_users_of_several_days_are_read_together(office: Office) -> None:
    office.users = [office.add_user(f'{zone}@example.com', zone) for zone in ('UTC', 'Pacific/Auckland', 'Asia/Tokyo')]
    office.clock.now = datetime(2026, 11, 23, 14, tzinfo=UTC)
    for user_id in office.users:
        rows = [PredictionRow(1, 'a', 500_000, to_micros(office.clock.now - timedelta(hours=10)))]
        office.ingest.take(user_id, rows, kind=SourceKind.API, name='')
    states, overviews = office.states(), overviews_of(office)
    days = {state: office.today(state) for state in states.values()}
    await overviews.prepare(days)
    found = {user_id: overviews.ready(state, days[state]) for user_id, state in states.items()}
    today = {user_id: one.numbers.metrics.new_predictions_today for user_id, one in found.items() if one}
    assert list(today.values()) == [1, 0, 1]
    for user_id, state in states.items():
        one = found[user_id]
        assert one and one.numbers == numbers(office, state)


async def test_one_without_rollups_has_no_overview(office: Office) -> None:
    state, overviews = office.states()[office.users[0]], overviews_of(office)
    assert await overview(office, overviews, state), 'of one without data all is known'
    bare = state._replace(arrivals=1, rollup_zone=None)
    assert await overviews.get(bare, NOW.date()) is None


def test_only_users_who_changed_are_read(office: Office) -> None:
    states: dict[int, UserState | None] = {**office.states(), 99: None}
    first, second, third, _ = office.users
    office.ingest.take(first, [PredictionRow(1, 'a', 1, None)], kind=SourceKind.API, name='')
    with office.database.writing() as session:
        users.set_disabled(session, 'u1@example.com', disabled=True)
        session.execute(update(User).where(col(User.id) == first).values(token_version=3, access_revision=4))
    changed = changed_states(office.database, [known_as(*known) for known in states.items()])
    assert set(changed) == {first, second, 99}
    assert changed[99] is None
    assert changed[second] and changed[second].disabled is True
    assert changed[first] and changed[first].disabled is False
    with office.database.writing() as session:
        users.set_disabled(session, 'u1@example.com', disabled=False)
    now = {**states, **changed, third: None}
    again = changed_states(office.database, [known_as(*known) for known in now.items()])
    assert set(again) == {second, third, 99}
