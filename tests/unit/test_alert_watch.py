from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services import migrations
from services.alert_states import Active
from services.alert_watch import NEWS, AlertWatch
from services.alerts import Alerts, Change, Evaluation, KnownFacts
from services.clock import to_micros
from services.dashboard import Dashboard
from services.database import Database
from services.models import SourceKind
from services.overviews import Overview, Overviews
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.schemas import Alert
from services.scores import RiskBands
from services.selection import Selection
from services.user_states import UserState, user_states
from tests.accounts import SettableClock, add_user

HIGH, LOW = 900_000, 100_000


class HeldAlerts(Alerts):
    """Counts what is evaluated; waits before it writes while ``gate`` is closed, and fails then unless ``writable``."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.evaluated, self.writable = 0, True
        self.gate, self.waiting = threading.Event(), threading.Event()
        self.gate.set()

    def evaluate(self, selection: Selection, now: datetime) -> Evaluation:
        self.evaluated += 1
        return super().evaluate(selection, now)

    def evaluate_known(self, known: Collection[KnownFacts], now: datetime) -> dict[int, Evaluation]:
        self.evaluated += len(known)
        return super().evaluate_known(known, now)

    def _write(self, changes: Mapping[int, Change], now: datetime) -> dict[int, Active] | None:
        self.waiting.set()
        assert self.gate.wait(10)
        return super()._write(changes, now) if self.writable else None


class Office:
    """One user, and the alerts of that user."""

    def __init__(self, folder: Path) -> None:
        self.database = Database.open(f'sqlite:///{folder}/x.sqlite3')
        migrations.upgrade(self.database)
        self.clock = SettableClock()
        user_id = add_user(self.database).id
        assert user_id
        self.user_id = user_id
        self.dashboard = Dashboard(bands=RiskBands())
        self.alerts = HeldAlerts(self.database)
        self.watch = AlertWatch(self.database, self.alerts, clock=self.clock)
        self.watch.on_start(self.hear)
        self.overviews = Overviews(self.database, bands=RiskBands(), clock=self.clock)
        self.told: list[str] = []
        self.watched = True

    async def hear(self, user_id: int, alert: Alert) -> None:
        assert user_id == self.user_id
        self.told.append(alert.type.value)

    def take(self, *scores: int, first: int = 0, days_ago: int = 0) -> None:
        """A prediction for each score, each of another customer."""
        at = to_micros(self.clock.now - timedelta(days=days_ago))
        rows = [PredictionRow(1, f'c{first + number}', score, at) for number, score in enumerate(scores)]
        Ingest(self.database, clock=self.clock).take(self.user_id, rows, kind=SourceKind.API, name='')

    def state(self) -> UserState:
        with self.database.reading() as session:
            return user_states(session, [self.user_id])[self.user_id]

    def selection(self) -> Selection:
        return self.dashboard.selection(self.user_id, DashboardQuery(), zone='UTC', now=self.clock.now)

    async def overview(self) -> Overview:
        found = await self.overviews.get(self.state(), self.selection().today)
        assert found
        return found

    async def beat(self) -> list[str]:
        """As the hub does: settle, else decide; the types of the alerts that are shown then."""
        self.clock.advance(seconds=5)
        state, today, overview = self.state(), self.selection().today, await self.overview()
        if not self.watch.settle(state, today, overview):
            await self.active(overview)
        ready = self.watch.ready(state, today)
        return [alert.type.value for alert in ready.active] if ready else []

    async def active(self, overview: Overview | None = None) -> tuple[Alert, ...]:
        return await self.watch.active(self.state(), self.selection(), watched=lambda: self.watched, overview=overview)

    async def held(self) -> asyncio.Task[tuple[Alert, ...]]:
        """A decision that is about to be written."""
        self.alerts.gate.clear()
        deciding = asyncio.create_task(self.active())
        assert await asyncio.to_thread(self.alerts.waiting.wait, 10)
        return deciding


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(tmp_path)
    yield office
    office.alerts.gate.set()
    office.database.close()


async def test_an_alert_is_told_once_when_it_starts_and_again_when_it_starts_anew(office: Office) -> None:
    office.take(HIGH, LOW)
    for _ in range(3):
        assert await office.beat() == ['critical']
    assert office.told == ['critical']
    office.take(LOW)
    for _ in range(3):
        assert await office.beat() == []
    office.take(HIGH)
    for _ in range(3):
        assert await office.beat() == ['critical']
    assert office.told == ['critical', 'critical']
    assert office.alerts.evaluated == 3, 'for each start and end'


async def test_an_alert_that_hangs_about_its_bound_does_not_chatter(office: Office) -> None:
    office.take(*[HIGH] * 4, days_ago=10)
    office.take(*[LOW] * 12, first=4)  # 25 %
    assert await office.beat() == ['critical']
    office.take(*[LOW] * 5, first=100)  # 19 %: below where it starts, not below where it ends
    assert await office.beat() == ['critical']
    office.take(*[LOW] * 2, first=200)  # 17.4 %
    assert await office.beat() == []
    office.take(HIGH, first=201)  # 21.7 %
    assert await office.beat() == ['critical']
    office.take(LOW, first=201)
    assert await office.beat() == []
    office.take(*[LOW] * 20, first=300)
    assert await office.beat() == []
    assert office.told == ['critical', 'critical']


async def test_silence_starts_by_the_time_alone_and_ends_with_the_next_prediction(office: Office) -> None:
    office.take(LOW)
    assert await office.beat() == []
    office.clock.advance(hours=47, minutes=59)
    assert await office.beat() == []
    office.clock.advance(minutes=2)
    for _ in range(3):
        assert await office.beat() == ['info']
    office.take(LOW, first=1)
    assert await office.beat() == []
    assert office.told == ['info']


async def test_what_cannot_be_written_now_starts_at_a_later_beat(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.take(HIGH)
    office.alerts.writable = False
    for _ in range(2):
        assert await office.beat() == []
    assert office.alerts.evaluated == 2, 'each beat tries again'
    office.alerts.writable = True
    assert await office.beat() == ['critical']
    assert office.told == ['critical']
    assert caplog.text == ''


@pytest.mark.parametrize('seed', range(4))
async def test_what_is_settled_without_the_database_is_what_an_evaluation_finds(office: Office, seed: int) -> None:
    rng, settled = random.Random(seed), 0
    await office.beat()
    for step in range(30):
        scores = [rng.choice([HIGH, LOW, LOW, LOW]) for _ in range(rng.choice([0, 0, 1, 3, 8]))]
        if scores:
            office.take(*scores, first=rng.randrange(12))
        office.clock.advance(hours=rng.choice([0, 0, 1, 20, 50]), seconds=5)
        state, today, overview = office.state(), office.selection().today, await office.overview()
        if office.watch.settle(state, today, overview):
            settled += 1
            evaluation = Alerts(office.database).evaluate(office.selection(), office.clock.now)
            ready = office.watch.ready(state, today)
            assert ready
            assert (evaluation.started, evaluation.active) == ((), ready.active), step
        else:
            await office.active(overview)
    assert settled >= 5


async def test_nothing_is_decided_from_what_was_read_before_a_write(office: Office) -> None:
    office.take(*[HIGH] * 4, *[LOW] * 12)  # 25 %: an alert starts
    deciding = await office.held()
    office.take(*[LOW] * 5, first=100)  # 19 %: one that there is goes on, but none would start
    before = await office.overview()
    assert before.alerts == ()
    office.clock.advance(seconds=1)
    office.alerts.gate.set()
    await deciding
    assert not office.watch.settle(office.state(), office.selection().today, before)
    assert [alert.type for alert in await office.active(before)] == ['critical']
    assert await office.beat() == ['critical']


async def test_those_who_ask_at_the_same_time_share_an_evaluation(office: Office) -> None:
    office.take(HIGH)
    found = await asyncio.gather(*(office.active() for _ in range(20)))
    assert {alerts[0].type.value for alerts in found} == {'critical'}
    assert (office.alerts.evaluated, office.told) == (1, ['critical'])


async def test_an_alert_that_another_process_started_is_told_too(office: Office) -> None:
    office.take(LOW)
    await office.beat()
    office.take(HIGH)
    Alerts(office.database).evaluate(office.selection(), office.clock.now)
    assert await office.beat() == ['critical']
    assert office.told == ['critical']


@pytest.mark.parametrize(('later', 'told'), [(NEWS - timedelta(seconds=1), ['critical']), (NEWS, [])])
async def test_what_started_while_nobody_looked_is_news_for_a_short_time(
    office: Office, later: timedelta, told: list[str]
) -> None:
    office.watched = False
    office.take(HIGH)
    await office.active()
    office.clock.now += later
    office.watched = True
    await office.active()
    assert office.told == told


async def test_one_who_leaves_while_alerts_are_decided_leaves_nothing_behind(office: Office) -> None:
    office.take(HIGH)
    deciding = await office.held()
    office.watched = False
    office.watch.forget(office.user_id)
    office.alerts.gate.set()
    await deciding
    assert office.told == [], 'nobody is there to be told'
    office.take(LOW)
    await office.active()  # somebody polls: it ends
    office.take(HIGH)
    office.clock.advance(seconds=5)
    await office.active()  # and starts anew
    office.clock.now += NEWS
    office.watched = True
    await office.active()
    assert office.told == [], 'it is no news to one who comes later'


async def test_a_listener_that_fails_keeps_nobody_else_from_being_told(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    async def failing(_user_id: int, _alert: Alert) -> None:
        raise RuntimeError('listener down')

    async def hear(_user_id: int, alert: Alert) -> None:
        told.append(alert.type.value)

    office.watch.on_start(failing)
    office.watch.on_start(hear)
    office.take(HIGH)
    await office.beat()
    assert told == ['critical']
    assert 'listener down' in caplog.text
