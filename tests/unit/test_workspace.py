from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from services import users, workspace
from services.alerts import Alerts
from services.clock import to_micros
from services.dashboard import Dashboard, Numbers
from services.database import Database
from services.hub import LiveHub
from services.models import Customer, Prediction, Source, SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.sample import sample_rows
from services.sample_users import with_sample
from services.scores import RiskBands
from services.sources import undo
from services.workspace import NAME, Workspace
from tests.accounts import SettableClock, open_database
from tests.oracle import Oracle, Row, rows_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVERYTHING = DashboardQuery()


@cache
def history() -> list[PredictionRow]:
    return list(sample_rows(now=NOW))


class Newcomer:
    """A user with sample data, and what belongs to it."""

    def __init__(self, database: Database, *, rows: int = 600) -> None:
        self.database, self.clock = database, SettableClock(NOW)
        self.dashboard = Dashboard(bands=RiskBands())
        self.ingest = Ingest(database, clock=self.clock)
        self.hub = LiveHub(database, self.dashboard, Alerts(database), clock=self.clock, refresh_seconds=5)
        self.workspace = Workspace(database, self.ingest, self.hub, bands=RiskBands(), rng=random.Random(1))
        with database.writing() as session:
            user_id = users.add(session, 'alice@example.com', password_hash='x').id
        assert user_id
        self.user_id = user_id
        self.sample = history()[-rows:]  # its end is enough here: all of it would only take longer
        self.take(*self.sample, kind=SourceKind.SAMPLE, name=NAME)

    def take(self, *rows: PredictionRow, kind: SourceKind = SourceKind.FILE, name: str = 'scores.csv') -> int:
        return self.ingest.take(self.user_id, rows, kind=kind, name=name).accepted

    def numbers(self) -> Numbers:
        selection = self.dashboard.selection(self.user_id, EVERYTHING, zone='UTC', now=self.clock.now)
        with self.database.reading() as session:
            return self.dashboard.numbers(session, selection)

    def assert_holds_exactly(self, rows: list[Row]) -> None:
        found, oracle = self.numbers(), Oracle(rows, now=self.clock.now)
        assert asdict(found.metrics) == oracle.metrics()
        assert asdict(found.trends) == oracle.trends()
        assert [int(item.id) for item in found.recent_activity] == oracle.recent()
        with self.database.reading() as session:
            customers = session.execute(
                select(col(Customer.customer_id), col(Customer.name), col(Customer.account_value))
            )
            assert {tuple(customer) for customer in customers} == {
                (row.customer, oracle.name(row.customer), oracle.value(row)) for row in rows
            }


@pytest.fixture
async def newcomer(database: Database) -> AsyncIterator[Newcomer]:
    yield Newcomer(database)


async def test_removing_the_sample_leaves_exactly_ones_own_predictions(newcomer: Newcomer) -> None:
    shared = newcomer.sample[-1]
    own = [
        PredictionRow(1, shared.customer_id, 650_000, to_micros(NOW - timedelta(days=9)), customer_name='Mine'),
        PredictionRow(1, 'A', 900_000, to_micros(NOW - timedelta(days=2)), account_value=5_000_000),
        PredictionRow(1, 'A', 100_000, to_micros(NOW), customer_name='Acme'),
    ]
    first = len(newcomer.sample) + 1
    assert newcomer.take(*own) == 3
    feed = [PredictionRow(1, shared.customer_id, 123_000, None, customer_name='Sample name')]
    assert newcomer.take(*feed, kind=SourceKind.SAMPLE, name=NAME) == 1
    assert newcomer.take(*own[:1], kind=SourceKind.API, name='') == 1
    assert newcomer.numbers().has_sample

    await newcomer.workspace.remove_sample(newcomer.user_id)

    kept = [*rows_of(own, first=first), *rows_of(own[:1], source='', first=first + 4)]
    newcomer.assert_holds_exactly(kept)
    assert not newcomer.numbers().has_sample


async def test_a_file_that_is_called_like_the_sample_is_ones_own(newcomer: Newcomer) -> None:
    own = [PredictionRow(1, 'A', 900_000, to_micros(NOW))]
    newcomer.take(*own, name=NAME)
    await newcomer.workspace.remove_sample(newcomer.user_id)
    newcomer.assert_holds_exactly(rows_of(own, source=NAME, first=len(newcomer.sample) + 1))


async def test_arrival_numbers_go_on_where_they_were_after_the_sample_is_gone(newcomer: Newcomer) -> None:
    await newcomer.workspace.remove_sample(newcomer.user_id)
    newcomer.assert_holds_exactly([])
    own = [PredictionRow(1, 'A', 900_000, to_micros(NOW))]
    newcomer.take(*own)
    newcomer.assert_holds_exactly(rows_of(own, first=len(newcomer.sample) + 1))


async def test_another_users_sample_stays(newcomer: Newcomer) -> None:
    with newcomer.database.writing() as session:
        bob = users.add(session, 'bob@example.com', password_hash='x').id
    assert bob
    newcomer.ingest.take(bob, newcomer.sample[:10], kind=SourceKind.SAMPLE, name=NAME)
    await newcomer.workspace.remove_sample(newcomer.user_id)
    with newcomer.database.reading() as session:
        left = session.execute(select(col(Prediction.user_id), func.count()).group_by(col(Prediction.user_id))).all()
        assert [tuple(row) for row in left] == [(bob, 10)]
        assert with_sample(session, [bob]) == {bob}


async def test_who_watches_sees_at_once_that_the_sample_is_gone(newcomer: Newcomer) -> None:
    watch = newcomer.hub.watch(newcomer.user_id)
    before = await newcomer.hub.snapshot(newcomer.user_id, EVERYTHING)
    await newcomer.workspace.remove_sample(newcomer.user_id)
    after = await newcomer.hub.snapshot(newcomer.user_id, EVERYTHING)
    watch.close()
    assert (before.payload['sample'], 'sample' in after.payload) == (True, False)
    assert after.metrics.total_predictions == 0


async def test_a_sample_that_is_removed_while_it_moves_stays_removed(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed has read whom it scores again, and comes to write that only once the removal is done."""
    monkeypatch.setattr(workspace, 'FEED_SECONDS', 0.01)
    come, removed, done = threading.Event(), threading.Event(), threading.Event()
    take = newcomer.ingest.take

    def late(*args: Any, **kwargs: Any) -> Any:
        come.set()
        removed.wait(60)
        try:
            return take(*args, **kwargs)
        finally:
            done.set()

    monkeypatch.setattr(newcomer.ingest, 'take', late)
    watch = newcomer.hub.watch(newcomer.user_id)
    feeding = asyncio.create_task(newcomer.workspace.feed())
    await asyncio.to_thread(come.wait, 60)
    with newcomer.database.writing() as session:
        undo(session, newcomer.user_id, session.execute(select(col(Source.id))).scalars().all(), bands=RiskBands())
    feeding.cancel()
    removed.set()
    await asyncio.to_thread(done.wait, 60)
    watch.close()
    assert not newcomer.numbers().has_sample
    assert newcomer.numbers().metrics.total_predictions == 0


async def test_the_sample_moves_while_somebody_watches_and_stands_still_when_nobody_does(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, 'FEED_SECONDS', 0.01)
    feeding = asyncio.create_task(newcomer.workspace.feed())
    await asyncio.sleep(0.1)
    assert newcomer.numbers().metrics.total_predictions == len(newcomer.sample)

    watch = newcomer.hub.watch(newcomer.user_id)
    async with asyncio.timeout(60):
        while newcomer.numbers().metrics.total_predictions < len(newcomer.sample) + 5:  # noqa: ASYNC110 -- the feed tells nobody else
            await asyncio.sleep(0.01)
    feeding.cancel()
    watch.close()
    with newcomer.database.reading() as session:
        known = {row.customer_id for row in newcomer.sample}
        scored = session.execute(select(col(Prediction.customer_id)).where(~col(Prediction.timed))).scalars().all()
        assert len(session.execute(select(Source)).scalars().all()) == 1
    assert len(scored) >= 5
    assert set(scored) <= known


async def test_the_feed_leaves_a_workspace_without_sample_alone(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await newcomer.workspace.remove_sample(newcomer.user_id)
    newcomer.take(PredictionRow(1, 'A', 900_000, to_micros(NOW)))
    monkeypatch.setattr(workspace, 'FEED_SECONDS', 0.01)
    watch = newcomer.hub.watch(newcomer.user_id)
    feeding = asyncio.create_task(newcomer.workspace.feed())
    await asyncio.sleep(0.2)
    feeding.cancel()
    watch.close()
    assert newcomer.numbers().metrics.total_predictions == 1


def test_filling_takes_the_whole_history_in(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with database.writing() as session:
        alice = users.add(session, 'alice@example.com', password_hash='x').id
    assert alice
    workspace.fill(Ingest(database, clock=lambda: NOW), alice, zone='UTC', now=NOW)
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Prediction)).scalar() == len(history())
        assert with_sample(session, [alice]) == {alice}
    database.close()
