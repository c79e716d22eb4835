"""Rollups for another zone are built beside those that are read, and the old ones go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services import users
from services.clock import to_micros
from services.database import Database
from services.models import SourceKind
from services.pacing import Pace
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.rollup_check import first_difference
from services.rollup_state import state_of
from services.rollup_upkeep import RollupUpkeep
from services.scores import RiskBands
from services.user_states import user_states

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BANDS = RiskBands()


class Workspace:
    def __init__(self, database: Database) -> None:
        self.database = database
        with database.writing() as session:
            self.alice = users.add(session, 'alice@example.com', password_hash='x').id or 0
        self.take(*(f'C{number:03}' for number in range(70)))

    def take(self, *customers: str) -> None:
        at = to_micros(NOW - timedelta(hours=11))
        rows = [PredictionRow(1, name, 10_000 * number, at + number) for number, name in enumerate(customers)]
        Ingest(self.database, clock=lambda: NOW).take(self.alice, rows, kind=SourceKind.FILE, name='a.csv')

    def move(self, zone: str) -> None:
        with self.database.writing() as session:
            users.set_time_zone(session, 'alice@example.com', zone)

    def upkeep(self, bands: RiskBands = BANDS) -> RollupUpkeep:
        return RollupUpkeep(self.database, bands=bands, clock=lambda: NOW)

    def seen_zone(self) -> str:
        """The zone whose days readers see; their sums are exact."""
        with self.database.reading() as session:
            built = state_of(session, self.alice)
            assert built
            assert first_difference(session, self.alice, zone=built.zone, bands=built.bands) is None
            assert user_states(session, [self.alice])[self.alice].time_zone == built.zone
            return built.zone

    def generations(self, session: Session) -> set[int]:
        found: set[int] = set()
        for table in ('rollup_day', 'rollup_bin', 'rollup_interval', 'customer_day'):
            found |= set(session.execute(text(f'SELECT DISTINCT generation FROM {table}')).scalars())
        return found


@pytest.fixture
def workspace(database: Database) -> Workspace:
    return Workspace(database)


def test_readers_see_the_old_days_until_the_new_ones_are_there(workspace: Workspace) -> None:
    workspace.move('Pacific/Auckland')
    upkeep = workspace.upkeep()
    upkeep._pace = Pace(start=20, least=20, most=20)
    zones = []
    while upkeep.do_some():
        zones.append(workspace.seen_zone())
        workspace.take(f'late {len(zones)}', 'C000', 'C069')
    assert zones[:3] == ['UTC'] * 3
    assert zones[-1] == workspace.seen_zone() == 'Pacific/Auckland'
    with workspace.database.reading() as session:
        assert len(workspace.generations(session)) == 1, 'the old ones are gone'


def test_other_risk_bands_are_built_too(workspace: Workspace) -> None:
    bands = RiskBands(medium=500_000, high=800_000)
    upkeep = workspace.upkeep(bands)
    while upkeep.do_some():
        pass
    with workspace.database.reading() as session:
        built = state_of(session, workspace.alice)
        assert built
        assert built.bands == bands
        assert first_difference(session, workspace.alice, zone='UTC', bands=bands) is None


def test_what_an_earlier_run_of_the_server_left_behind_is_taken_away(workspace: Workspace) -> None:
    workspace.move('Pacific/Auckland')
    interrupted = workspace.upkeep()
    while interrupted._add_piece(workspace.alice, 'Pacific/Auckland'):
        pass
    with workspace.database.reading() as session:
        assert len(workspace.generations(session)) == 2
    upkeep = workspace.upkeep()
    while upkeep.do_some():
        pass
    with workspace.database.reading() as session:
        assert len(workspace.generations(session)) == 1
    assert workspace.seen_zone() == 'Pacific/Auckland'


def test_a_start_costs_no_transaction_for_each_user_without_leftovers(workspace: Workspace) -> None:
    upkeep = workspace.upkeep()
    upkeep.do_some()
    assert upkeep._unswept == set()


def test_there_is_nothing_to_do_for_rollups_that_are_as_wanted(workspace: Workspace) -> None:
    assert not workspace.upkeep().do_some()


def test_finishing_tells_how_far_it_is(workspace: Workspace) -> None:
    told: list[tuple[int, int]] = []
    upkeep = workspace.upkeep()
    upkeep._pace = Pace(start=30, least=30, most=30)
    upkeep.finish(workspace.alice, 'Asia/Kathmandu', told=lambda done, total: told.append((done, total)))
    assert told == [(30, 70), (60, 70)]
    assert workspace.seen_zone() == 'Asia/Kathmandu'
