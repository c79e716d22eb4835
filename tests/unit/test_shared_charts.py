"""Charts whose last days alone are read anew are those that would be read whole."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import date, timedelta

import pytest

from services.clock import to_micros
from services.database import Database
from services.errors import NotFound
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.revenue_at_risk import revenue_at_risk
from services.schemas import Charts
from services.shared_charts import SharedCharts
from services.user_states import UserState
from tests.office import Office, change

STEPS = 25


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def charts_of(office: Office) -> SharedCharts:
    return SharedCharts(office.database, bands=office.bands)


async def shown(office: Office, shared: SharedCharts, state: UserState) -> Charts:
    found = await shared.get(state, office.today(state))
    assert found
    return found


def by_themselves(office: Office, state: UserState) -> Charts:
    selection = office.selection(state)
    with office.database.reading() as session:
        revenue = revenue_at_risk(session, selection)
        return office.dashboard.charts(session, selection).model_copy(update={'revenue': revenue})


@pytest.mark.parametrize('seed', [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 10))])
@pytest.mark.parametrize('zone', ['UTC', 'Pacific/Auckland'])
async def test_whatever_happens_the_charts_are_those_of_what_is_there(office: Office, seed: int, zone: str) -> None:
    rng, shared = random.Random(seed), charts_of(office)
    office.users = [office.add_user(f'{number}@{zone}.example.com', zone) for number in range(2)]
    for step in range(STEPS):
        try:
            change(office, rng)
        except NotFound:
            continue
        for state in office.states().values():
            kept = await shown(office, shared, state)
            assert kept == await shown(office, charts_of(office), state), f'step {step}'
            assert kept == by_themselves(office, state), f'step {step}'


def take(office: Office, **ago: int) -> UserState:
    """A prediction of so long ago."""
    row = PredictionRow(1, 'a', 900_000, to_micros(office.clock.now - timedelta(**ago)))
    office.ingest.take(office.users[0], [row], kind=SourceKind.API, name='')
    return office.states()[office.users[0]]


async def test_days_before_yesterday_are_not_read_again_unless_something_came_for_them(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew: list[bool] = []
    read = SharedCharts._whole

    def reading(shared: SharedCharts, today: date, users: Collection[int]) -> object:
        anew.append(bool(users))
        return read(shared, today, users)

    monkeypatch.setattr(SharedCharts, '_whole', reading)
    shared = charts_of(office)
    first = await shown(office, shared, take(office, days=30))
    second = await shown(office, shared, take(office, hours=1))
    assert second.days[:-2] == first.days[:-2]
    assert second.days[0] is first.days[0], 'what stays is kept'
    await shown(office, shared, take(office, days=20))
    office.clock.advance(days=1)
    await shown(office, shared, take(office, hours=1))
    assert anew == [True, False, True, True]


async def test_customers_of_whom_nothing_new_is_known_are_not_made_again(office: Office) -> None:
    shared = charts_of(office)
    user_id = take(office, days=2).user_id
    others = [PredictionRow(1, name, 800_000, to_micros(office.clock.now - timedelta(days=2))) for name in 'bc']
    office.ingest.take(user_id, others, kind=SourceKind.API, name='')
    before = {each.customer_id: each for each in (await shown(office, shared, office.states()[user_id])).at_risk}

    after = {each.customer_id: each for each in (await shown(office, shared, take(office, hours=1))).at_risk}
    assert [name for name, each in after.items() if each is not before[name]] == ['a']
    assert after['a'].timestamp > before['a'].timestamp
