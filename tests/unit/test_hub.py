from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import psycopg2
import pytest
from sqlalchemy import make_url
from sqlmodel import Session

from services import migrations, users
from services.alerts import Alerts, Evaluation
from services.clock import rfc3339, to_micros
from services.dashboard import Dashboard, Numbers
from services.database import Database
from services.errors import InvalidToken, Unavailable
from services.hub import LiveHub
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.rollup_rebuild import rebuild
from services.schemas import Alert, Charts
from services.scores import RiskBands
from services.selection import Selection
from services.user_states import UserState
from tests.accounts import SettableClock

T = TypeVar('T')

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVERYTHING = DashboardQuery()
HIGH_ONLY = DashboardQuery.parse({'risk': 'high'})


class CountingDashboard(Dashboard):
    """Counts what is computed, and waits for ``gate`` while it computes."""

    def __init__(self) -> None:
        super().__init__(bands=RiskBands())
        self.computed: Counter[str] = Counter()
        self.gate = threading.Event()
        self.gate.set()

    def numbers(self, session: Session, selection: Selection) -> Numbers:
        self.computed['numbers'] += 1
        assert self.gate.wait(10)
        return super().numbers(session, selection)

    def charts(self, session: Session, selection: Selection) -> Charts:
        self.computed['charts'] += 1
        return super().charts(session, selection)


class CountingAlerts(Alerts):
    evaluated = 0
    writable = True

    def _change(self, *args: object) -> bool:  # type: ignore[override]
        return self.writable and super()._change(*args)  # type: ignore[arg-type]

    def evaluate(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        self.evaluated += 1
        return super().evaluate(*args, **kwargs)  # type: ignore[arg-type]


class HoldingDatabase(Database):
    """Keeps back what it read until ``hold`` is set, if there is one."""

    hold: asyncio.Event | None = None
    held = 0

    async def read(self, work: Callable[[Session], T]) -> T:
        result, hold = await super().read(work), self.hold
        if hold:
            self.held += 1
            await hold.wait()
        return result


class Setting:
    """A hub, and another process that writes to the same database."""

    def __init__(self, url: str) -> None:
        self.database, self.elsewhere = HoldingDatabase.open(url), Database.open(url)
        self.clock = SettableClock(NOW)
        self.dashboard = CountingDashboard()
        self.hub = self.new_hub()
        self.alice, self.bob = (self.add_user(f'{name}@example.com') for name in ('alice', 'bob'))

    def new_hub(self, *, refresh_seconds: float = 30) -> LiveHub:
        """A hub; a beat that a test asks for waits that long for whom it serves, however busy the machine is."""
        self.alerts = CountingAlerts(self.database)
        return LiveHub(self.database, self.dashboard, self.alerts, clock=self.clock, refresh_seconds=refresh_seconds)

    def add_user(self, email: str) -> int:
        with self.elsewhere.writing() as session:
            user_id = users.add(session, email, password_hash='x').id
        assert user_id
        return user_id

    def take(self, *scores: float, user: int | None = None, at: datetime | None = None) -> None:
        """Another process takes in a prediction for each score, each of another customer."""
        rows = [
            PredictionRow(1, f'C{n}', round(score * 1_000_000), to_micros(at or self.clock.now))
            for n, score in enumerate(scores)
        ]
        Ingest(self.elsewhere, clock=self.clock).take(user or self.alice, rows, kind=SourceKind.API, name='')

    async def total(self, user: int | None = None, query: DashboardQuery = EVERYTHING) -> int:
        snapshot = await self.hub.snapshot(user or self.alice, query)
        return snapshot.data.metrics.total_predictions


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    url = f'sqlite:///{tmp_path}/board.sqlite3'
    database = Database.open(url)
    migrations.upgrade(database)
    database.close()
    setting = Setting(url)
    yield setting
    setting.database.close()
    setting.elsewhere.close()


async def test_many_readers_cause_one_computation(setting: Setting) -> None:
    setting.take(0.9, 0.1)
    snapshots = await asyncio.gather(*(setting.hub.snapshot(setting.alice, EVERYTHING) for _ in range(100)))
    assert {snapshot.data.metrics.total_predictions for snapshot in snapshots} == {2}
    assert (setting.dashboard.computed['numbers'], setting.alerts.evaluated) == (1, 1)


async def test_readers_of_charts_share_a_computation_of_their_own(setting: Setting) -> None:
    setting.take(0.9, 0.1)
    charts = await asyncio.gather(*(setting.hub.charts(setting.alice, EVERYTHING) for _ in range(20)))
    assert {found.customers for found in charts} == {2}
    assert setting.dashboard.computed == {'charts': 1}


async def test_each_query_and_each_user_has_numbers_of_its_own(setting: Setting) -> None:
    setting.take(0.9, 0.1)
    setting.take(0.5, user=setting.bob)
    assert await setting.total() == 2
    assert await setting.total(query=HIGH_ONLY) == 1
    assert await setting.total(setting.bob) == 1
    assert setting.dashboard.computed['numbers'] == 3


async def test_a_beat_without_a_change_computes_nothing(setting: Setting) -> None:
    setting.take(0.9)
    watch = setting.hub.watch(setting.alice)
    first = await setting.hub.snapshot(setting.alice, EVERYTHING)
    setting.clock.advance(seconds=5)
    await setting.hub.beat()
    second = await setting.hub.snapshot(setting.alice, EVERYTHING)
    watch.close()

    assert (setting.dashboard.computed['numbers'], setting.alerts.evaluated) == (1, 1)
    assert (first.etag, first.data.timestamp) == (second.etag, rfc3339(NOW))
    assert second.data.timestamp == rfc3339(setting.clock.now)


async def test_a_change_by_another_process_is_seen_within_one_beat(setting: Setting) -> None:
    watch = setting.hub.watch(setting.alice)
    assert await setting.total() == 0
    setting.take(0.9)
    assert await setting.total() == 0  # a watched user is looked at once a beat
    await setting.hub.beat()
    assert await setting.total() == 1
    watch.close()


async def test_a_change_of_this_process_is_seen_at_once(setting: Setting) -> None:
    watch = setting.hub.watch(setting.alice)
    assert await setting.total() == 0
    setting.take(0.9)
    await setting.hub.notice(setting.alice)
    assert await setting.total() == 1
    watch.close()


async def test_a_user_nobody_watches_is_read_anew_each_time(setting: Setting) -> None:
    assert await setting.total() == 0
    setting.take(0.9)
    assert await setting.total() == 1
    watch = setting.hub.watch(setting.alice)
    assert await setting.total() == 1
    watch.close()
    watch.close()
    setting.take(0.8)
    assert await setting.total() == 2
    assert setting.hub.watched() == []


async def test_a_user_is_watched_until_the_last_watcher_is_gone(setting: Setting) -> None:
    first, second = setting.hub.watch(setting.alice), setting.hub.watch(setting.alice)
    first.close()
    first.close()
    assert setting.hub.watched() == [setting.alice]
    second.close()
    assert setting.hub.watched() == []
    assert setting.hub.seen(setting.alice) is None


async def test_the_etag_is_equal_for_equal_contents_and_another_after_a_change(setting: Setting) -> None:
    setting.take(0.9)
    first = (await setting.hub.snapshot(setting.alice, EVERYTHING)).etag
    setting.clock.advance(minutes=1)
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).etag == first
    assert (await setting.new_hub().snapshot(setting.alice, EVERYTHING)).etag == first
    setting.take(0.8)
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).etag != first


async def test_a_new_day_changes_the_numbers_without_a_new_revision(setting: Setting) -> None:
    setting.take(0.9)
    watch = setting.hub.watch(setting.alice)
    before = await setting.hub.snapshot(setting.alice, EVERYTHING)
    setting.clock.now = datetime(2026, 11, 24, tzinfo=UTC)
    after = await setting.hub.snapshot(setting.alice, EVERYTHING)
    watch.close()
    assert [each.data.metrics.new_predictions_today for each in (before, after)] == [1, 0]
    assert before.etag != after.etag


async def test_a_new_time_zone_changes_the_numbers_without_a_new_revision(setting: Setting) -> None:
    setting.take(0.9, at=datetime(2026, 11, 23, 1, tzinfo=UTC))
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).data.metrics.new_predictions_today == 1
    with setting.elsewhere.writing() as session:
        alice = users.find(session, 'alice@example.com')
        alice.time_zone = 'America/Los_Angeles'
        session.add(alice)
        rebuild(session, setting.alice, zone=alice.time_zone, bands=RiskBands())
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).data.metrics.new_predictions_today == 0


async def test_those_who_listen_are_told_what_arrived(setting: Setting) -> None:
    told: list[tuple[int, int, int]] = []

    async def listener(before: UserState, now: UserState) -> None:
        told.append((now.user_id, before.arrivals, now.arrivals))

    setting.hub.on_arrivals(listener)
    setting.take(0.1)
    watch = setting.hub.watch(setting.alice)
    await setting.hub.beat()
    setting.take(0.2, 0.3)
    setting.take(0.4, user=setting.bob)
    await setting.hub.beat()
    await setting.hub.beat()
    watch.close()
    assert told == [(setting.alice, 1, 3)]


async def test_those_who_listen_are_told_of_an_alert_when_it_starts(setting: Setting) -> None:
    told = listen_to_alerts(setting)
    watch = setting.hub.watch(setting.alice)
    await setting.hub.beat()
    setting.take(0.9, 0.1)
    await setting.hub.beat()
    await setting.hub.beat()
    snapshot = await setting.hub.snapshot(setting.alice, EVERYTHING)
    watch.close()
    assert told == [(setting.alice, 'critical')]
    assert [alert.type for alert in snapshot.alerts] == ['critical']


async def test_an_alert_that_another_process_started_is_told_too(setting: Setting) -> None:
    told = listen_to_alerts(setting)
    watch = setting.hub.watch(setting.alice)
    await setting.hub.beat()
    setting.take(0.9, 0.1)
    now = setting.clock.now
    Alerts(setting.elsewhere).evaluate(setting.dashboard.selection(setting.alice, EVERYTHING, zone='UTC', now=now), now)
    await setting.hub.beat()
    watch.close()
    assert told == [(setting.alice, 'critical')]


async def test_silence_is_told_when_it_begins_within_a_day(setting: Setting) -> None:
    told = listen_to_alerts(setting)
    setting.take(0.1)
    watch = setting.hub.watch(setting.alice)
    setting.clock.advance(hours=47)
    await setting.hub.beat()
    setting.clock.advance(hours=1, seconds=1)
    await setting.hub.beat()
    watch.close()
    assert told == [(setting.alice, 'info')]


async def test_silence_is_told_to_one_who_looks_again(setting: Setting) -> None:
    told = listen_to_alerts(setting)
    setting.take(0.1)
    setting.clock.advance(hours=47)
    setting.hub.watch(setting.alice).close()
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).alerts == ()
    watch = setting.hub.watch(setting.alice)
    await setting.hub.beat()
    setting.clock.advance(hours=1, seconds=1)
    await setting.hub.beat()
    watch.close()
    assert told == [(setting.alice, 'info')]


async def test_silence_is_shown_to_one_who_only_polls(setting: Setting) -> None:
    setting.take(0.1)
    setting.clock.advance(hours=47)
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).alerts == ()
    setting.clock.advance(hours=1, seconds=1)
    assert [alert.type for alert in (await setting.hub.snapshot(setting.alice, EVERYTHING)).alerts] == ['info']


async def test_an_alert_does_not_vanish_when_its_board_is_left_and_opened_again(setting: Setting) -> None:
    setting.take(0.1)
    setting.clock.advance(hours=47)
    for hours in (0, 2, 0):
        setting.clock.advance(hours=hours)
        watch = setting.hub.watch(setting.alice)
        await setting.hub.beat()
        alerts = (await setting.hub.snapshot(setting.alice, EVERYTHING)).alerts
        watch.close()
    assert [alert.type for alert in alerts] == ['info']


async def test_a_listener_that_fails_keeps_nobody_else_from_being_told(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    async def failing() -> None:
        raise RuntimeError('listener down')

    async def listener() -> None:
        told.append('beat')

    setting.hub.on_beat(failing)
    setting.hub.on_beat(listener)
    await setting.hub.beat()
    assert told == ['beat']
    assert 'listener down' in caplog.text


def listen_to_alerts(setting: Setting) -> list[tuple[int, str]]:
    told: list[tuple[int, str]] = []

    async def listener(user_id: int, alert: object) -> None:
        told.append((user_id, alert.type.value))  # type: ignore[attr-defined]

    setting.hub.on_alert(listener)
    return told


async def test_a_user_that_does_not_exist_is_refused(setting: Setting) -> None:
    for question in (setting.hub.snapshot, setting.hub.charts):
        with pytest.raises(InvalidToken):
            await question(4_711, EVERYTHING)


async def test_a_disabled_user_is_refused_within_one_beat_and_let_in_again(setting: Setting) -> None:
    watch = setting.hub.watch(setting.alice)
    assert await setting.total() == 0
    disable(setting, disabled=True)
    await setting.hub.beat()
    for question in (setting.hub.snapshot, setting.hub.charts):
        with pytest.raises(InvalidToken):
            await question(setting.alice, EVERYTHING)
    with pytest.raises(InvalidToken):
        await setting.hub.check_user(setting.alice)
    disable(setting, disabled=False)
    await setting.hub.beat()
    await setting.hub.check_user(setting.alice)
    watch.close()


async def test_a_disabled_user_whom_nobody_watches_is_refused_at_once(setting: Setting) -> None:
    await setting.hub.check_user(setting.alice)
    disable(setting, disabled=True)
    with pytest.raises(InvalidToken):
        await setting.hub.check_user(setting.alice)


def disable(setting: Setting, *, disabled: bool) -> None:
    with setting.elsewhere.writing() as session:
        users.set_disabled(session, 'alice@example.com', disabled=disabled)


async def test_one_who_gives_up_waiting_does_not_end_the_computation_for_the_others(setting: Setting) -> None:
    setting.take(0.9)
    setting.dashboard.gate.clear()
    readers = [asyncio.create_task(setting.total()) for _ in range(3)]
    await until(lambda: setting.dashboard.computed['numbers'] == 1)
    readers[0].cancel()
    await asyncio.sleep(0.02)
    setting.dashboard.gate.set()

    first, *others = await asyncio.gather(*readers, return_exceptions=True)

    assert isinstance(first, asyncio.CancelledError)
    assert others == [1, 1]
    assert await setting.total() == 1
    assert setting.dashboard.computed['numbers'] == 1


async def test_a_look_that_comes_back_late_does_not_bring_old_numbers_back(setting: Setting) -> None:
    setting.take(0.9)
    watch = setting.hub.watch(setting.alice)
    setting.database.hold = asyncio.Event()
    late = asyncio.create_task(setting.hub.notice(setting.alice))
    await until(lambda: setting.database.held == 1)
    setting.take(0.8)
    hold, setting.database.hold = setting.database.hold, None
    await setting.hub.notice(setting.alice)
    assert await setting.total() == 2
    hold.set()
    await late
    seen = setting.hub.seen(setting.alice)
    assert seen and seen.state and seen.state.revision == 2
    watch.close()


async def test_a_failure_is_told_to_all_who_wait_and_not_kept(setting: Setting) -> None:
    class Failing(CountingDashboard):
        def numbers(self, session: Session, selection: Selection) -> Numbers:
            if not self.computed['numbers']:
                self.computed['numbers'] += 1
                raise Unavailable('away')
            return super().numbers(session, selection)

    setting.dashboard = Failing()
    setting.hub = setting.new_hub()
    watch = setting.hub.watch(setting.alice)
    await setting.hub.beat()  # so that all of them ask at the same time
    readers = await asyncio.gather(*(setting.total() for _ in range(5)), return_exceptions=True)
    assert [type(reader) for reader in readers] == [Unavailable] * 5
    assert await setting.total() == 0
    watch.close()


@pytest.fixture
def take_away(setting: Setting, tmp_path: Path) -> Callable[[bool], None]:
    """Let the database be gone, or back: its file cannot be opened."""

    def take_away(away: bool) -> None:
        for database in (setting.database, setting.elsewhere):
            database.engine.dispose()
        names = [tmp_path / 'board.sqlite3', tmp_path / 'away.sqlite3']
        if not away:
            (tmp_path / 'board.sqlite3').rmdir()
            names.reverse()
        names[0].rename(names[1])
        if away:
            (tmp_path / 'board.sqlite3').mkdir()

    return take_away


async def test_while_the_database_is_away_readers_are_told_and_then_it_goes_on(
    setting: Setting, take_away: Callable[[bool], None]
) -> None:
    setting.take(0.9)
    watch = setting.hub.watch(setting.alice)
    before = await setting.hub.snapshot(setting.alice, EVERYTHING)
    take_away(True)

    assert await setting.hub.snapshot(setting.alice, EVERYTHING) == before  # known numbers need no database
    with pytest.raises(Unavailable):
        await setting.hub.snapshot(setting.alice, HIGH_ONLY)
    with pytest.raises(Unavailable):
        await setting.hub.check_user(setting.bob)
    await setting.hub.beat()
    with pytest.raises(Unavailable):
        await setting.hub.snapshot(
            setting.alice, EVERYTHING
        )  # from then on nobody is shown old numbers as present ones

    take_away(False)
    setting.take(0.8)
    await setting.hub.beat()
    assert await setting.total() == 2
    watch.close()


async def test_the_hub_beats_on_after_a_beat_that_failed(
    setting: Setting, take_away: Callable[[bool], None], caplog: pytest.LogCaptureFixture
) -> None:
    setting.hub = setting.new_hub(refresh_seconds=0.05)
    watch = setting.hub.watch(setting.alice)
    beating = asyncio.create_task(setting.hub.run())
    await until(lambda: setting.hub.seen(setting.alice) is not None)
    take_away(True)
    await until(lambda: 'could not look' in caplog.text)
    take_away(False)
    setting.take(0.8)
    await until(lambda: arrivals(setting) == 1)
    beating.cancel()
    watch.close()


async def test_a_postgresql_that_lets_nobody_in_is_unavailable_until_it_does(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    migrations.upgrade(database)
    setting = Setting(postgresql_url)
    setting.take(0.9)
    assert await setting.total() == 1
    name = make_url(postgresql_url).database
    server = psycopg2.connect(make_url(postgresql_url).set(database='postgres').render_as_string(hide_password=False))
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE {name} ALLOW_CONNECTIONS false')
        cursor.execute('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s', [name])
        with pytest.raises(Unavailable):
            await setting.total()
        cursor.execute(f'ALTER DATABASE {name} ALLOW_CONNECTIONS true')
    server.close()
    setting.take(0.8)
    assert await setting.total() == 2
    for each in (database, setting.database, setting.elsewhere):
        each.close()


def arrivals(setting: Setting) -> int:
    seen = setting.hub.seen(setting.alice)
    return seen.state.arrivals if seen and seen.state else 0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 -- what is waited for happens on other threads
            await asyncio.sleep(0.01)


async def test_one_user_whose_alerts_cannot_be_decided_keeps_nobody_else_from_being_served(setting: Setting) -> None:
    served: list[int] = []

    async def serve(user_id: int) -> None:
        served.append(user_id)

    def failing(selection: Selection, now: datetime) -> Evaluation:
        if selection.user_id == setting.alice:
            raise Unavailable('no')
        return evaluate(selection, now)

    evaluate, setting.alerts.evaluate = setting.alerts.evaluate, failing  # type: ignore[method-assign]
    setting.hub.on_user_beat(serve)
    watches = [setting.hub.watch(user) for user in (setting.alice, setting.bob)]
    await setting.hub.beat()
    await until(lambda: sorted(served) == [setting.alice, setting.bob])
    for watch in watches:
        watch.close()


async def test_one_user_who_takes_long_holds_up_nobody_else(setting: Setting) -> None:
    gate, served = asyncio.Event(), Counter[int]()

    async def serve(user_id: int) -> None:
        served[user_id] += 1
        if user_id == setting.alice:
            await gate.wait()

    setting.hub = setting.new_hub(refresh_seconds=0.05)
    setting.hub.on_user_beat(serve)
    watches = [setting.hub.watch(user) for user in (setting.alice, setting.bob)]
    async with asyncio.timeout(30):
        while served[setting.bob] < 3:
            await setting.hub.beat()
    assert served[setting.alice] == 1, 'she is left out until she is done'
    gate.set()
    for watch in watches:
        watch.close()


async def test_an_alert_that_cannot_be_written_now_starts_with_a_later_beat(setting: Setting) -> None:
    told: list[str] = []

    async def hear(_user_id: int, alert: Alert) -> None:
        told.append(alert.id)

    setting.take(0.9)
    setting.hub.on_alert(hear)
    watch = setting.hub.watch(setting.alice)
    setting.alerts.writable = False
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).alerts == ()
    setting.alerts.writable = True
    await setting.hub.beat()
    await until(lambda: len(told) == 1)
    watch.close()


async def test_a_look_that_comes_back_late_does_not_let_a_disabled_user_in_again(setting: Setting) -> None:
    watch = setting.hub.watch(setting.alice)
    setting.database.hold = asyncio.Event()
    late = asyncio.create_task(setting.hub.notice(setting.alice))
    await until(lambda: setting.database.held == 1)
    with setting.elsewhere.writing() as session:
        users.set_disabled(session, 'alice@example.com', disabled=True)
    hold, setting.database.hold = setting.database.hold, None
    setting.clock.advance(seconds=1)
    await setting.hub.notice(setting.alice)
    hold.set()
    await late
    with pytest.raises(InvalidToken):
        await setting.hub.snapshot(setting.alice, EVERYTHING)
    watch.close()
