"""What people change of their own account: a name, and whose days they see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.accounts import Accounts
from services.clock import to_micros
from services.database import Database
from services.errors import InvalidRequest, InvalidToken, NotFound
from services.models import SourceKind, UserRevision
from services.pacing import Pace
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.rollup_state import being_built
from services.rollup_upkeep import RollupUpkeep
from services.scores import RiskBands
from tests.accounts import add_user

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKYO = 'Asia/Tokyo'


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
def alice(database: Database) -> int:
    return add_user(database, name='Alice').id or 0


def take(database: Database, user_id: int, *, customers: int = 50) -> None:
    at = to_micros(NOW - timedelta(hours=11))
    rows = [PredictionRow(1, f'C{number:03}', 10_000 * number, at) for number in range(customers)]
    Ingest(database, clock=lambda: NOW).take(user_id, rows, kind=SourceKind.FILE, name='a.csv')


def upkeep(database: Database) -> RollupUpkeep:
    upkeep = RollupUpkeep(database, bands=RiskBands(), clock=lambda: NOW)
    upkeep._pace = Pace(start=20, least=20, most=20)
    return upkeep


def revision(database: Database, user_id: int) -> int:
    with database.reading() as session:
        row = session.get(UserRevision, user_id)
        assert row
        return row.revision


async def test_a_name_is_changed_and_trimmed(accounts: Accounts, alice: int) -> None:
    assert (await accounts.rename(alice, '  Alice Arden ')).name == 'Alice Arden'
    assert (await accounts.of(alice)).name == 'Alice Arden'
    assert (await accounts.rename(alice, '')).name == ''


@pytest.mark.parametrize('name', ['x' * 101, 'a\nb', 'a\0b'], ids=ascii)
async def test_a_name_that_will_not_do_names_its_field(accounts: Accounts, alice: int, name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await accounts.rename(alice, name)
    assert refused.value.field == 'name'
    assert (await accounts.of(alice)).name == 'Alice'


async def test_nobody_changes_another(accounts: Accounts, database: Database, alice: int) -> None:
    bob = add_user(database, 'bob@example.com', name='Bob').id or 0
    await accounts.rename(alice, 'Alicia')
    await accounts.move(alice, TOKYO)
    assert [(await accounts.of(bob)).name, (await accounts.of(bob)).time_zone] == ['Bob', 'UTC']


async def test_one_who_is_gone_has_no_account(accounts: Accounts) -> None:
    with pytest.raises(InvalidToken):
        await accounts.of(77)
    for changing in (accounts.rename(77, 'x'), accounts.move(77, TOKYO)):
        with pytest.raises(NotFound):
            await changing


async def test_a_zone_that_there_is_not_names_its_field(accounts: Accounts, alice: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await accounts.move(alice, 'Mars/Base')
    assert refused.value.field == 'time_zone'


async def test_without_predictions_the_days_are_the_new_ones_at_once_and_boards_are_told(
    accounts: Accounts, database: Database, alice: int
) -> None:
    before = revision(database, alice)
    account = await accounts.move(alice, TOKYO)
    assert (account.time_zone, account.days_of) == (TOKYO, TOKYO)
    assert revision(database, alice) > before


async def test_the_days_are_worked_out_in_the_background_and_it_is_told_how_far(
    accounts: Accounts, database: Database, alice: int
) -> None:
    take(database, alice)
    account = await accounts.move(alice, TOKYO)
    assert (account.time_zone, account.days_of, account.worked_out, account.customers) == (TOKYO, 'UTC', 0, 50)
    working = upkeep(database)
    assert working.do_some()
    assert (await accounts.of(alice)).worked_out == 20
    while working.do_some():
        pass
    account = await accounts.of(alice)
    assert (account.days_of, account.customers) == (TOKYO, 0)


async def test_back_before_they_are_worked_out_nothing_is_built_any_further(
    accounts: Accounts, database: Database, alice: int
) -> None:
    take(database, alice)
    await accounts.move(alice, TOKYO)
    assert upkeep(database).do_some()
    account = await accounts.move(alice, 'UTC')
    assert account.days_of == account.time_zone == 'UTC'
    with database.reading() as session:
        assert being_built(session, alice) is None
    working = upkeep(database)
    while working.do_some():
        pass
    assert (await accounts.of(alice)).days_of == 'UTC'
