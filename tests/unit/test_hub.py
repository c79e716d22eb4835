from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import psycopg2
import pytest
from sqlalchemy import event, make_url, text, update
from sqlmodel import Session, col

from services import migrations, users
from services.alert_states import Active
from services.alerts import Alerts, Change, Evaluation, KnownFacts
from services.answers import Answers, Patience
from services.beat import Beat
from services.clock import rfc3339, to_micros
from services.customer_records import CustomerRecords, RecordChange, Snooze
from services.dashboard import Board, Dashboard, Numbers
from services.database import Database
from services.errors import InvalidToken, Unavailable
from services.hub import DECIDED_AT_ONCE, LiveHub
from services.lane import WANTED_SECONDS, Lane
from services.last_known import LastKnown
from services.listeners import tell
from services.models import SourceKind, UserRevision
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.questions import BeingWorkedOut
from services.rollup_rebuild import rebuild
from services.schemas import Alert, Charts
from services.scores import RiskBands
from services.selection import Selection
from services.snapshots import Snapshot
from services.user_lookup import UserLookup
from services.user_states import KnownState, UserState
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

    def _write(self, changes: Mapping[int, Change], now: datetime) -> dict[int, Active] | None:
        return super()._write(changes, now) if self.writable else None

    def evaluate(self, selection: Selection, now: datetime) -> Evaluation:
        self.evaluated += 1
        return super().evaluate(selection, now)

    def evaluate_known(self, known: Collection[KnownFacts], now: datetime) -> dict[int, Evaluation]:
        self.evaluated += len(known)
        return super().evaluate_known(known, now)


class HoldingDatabase(Database):
    """Keeps back what it read until ``hold`` is set, if there is one."""

    hold: asyncio.Event | None = None
    held = 0

    async def run(self, work: Callable[[], T], *, writes: bool = False) -> T:
        result, hold = await super().run(work, writes=writes), self.hold
        if hold:
            self.held += 1
            await hold.wait()
        return result


class Setting:
    """A hub, and another process that writes to the same database."""

    def __init__(self, url: str) -> None:
        self.database, self.elsewhere = HoldingDatabase.open(url), Database.open(url)
        self.overviews = 0
        """How often the rollups were read for overviews."""
        self.charts = 0
        """The same for charts."""
        event.listen(self.database.engine, 'before_cursor_execute', self._count_reads)
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

    def drop_rollups(self, *user_ids: int) -> None:
        with self.elsewhere.writing() as session:
            for user_id in user_ids:
                session.execute(
                    text('UPDATE user_revision SET rollup_zone = NULL WHERE user_id = :id'), {'id': user_id}
                )

    async def beat(self) -> None:
        """The turn of all who are watched."""
        turns = [turn for phase in range(self.hub.phases) if (turn := self.hub.watched_at(phase))]
        undecided = [await self.hub.beat(turn) for turn in turns or [self.hub.watched_at(0)]]
        for user_id in itertools.chain(*undecided):
            await tell(self.hub.evaluate(user_id))

    def _count_reads(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if 'GROUP BY r.user_id' in statement:
            self.overviews += 'SUM(r.count)' in statement and 'FROM rollup_day' in statement
            self.charts += 'FROM rollup_bin' in statement

    async def total(self, user: int | None = None, query: DashboardQuery = EVERYTHING) -> int:
        snapshot = await self.hub.snapshot(user or self.alice, query)
        return snapshot.metrics.total_predictions


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
    setting.take(0.5, 0.1)
    snapshots = await asyncio.gather(*(setting.hub.snapshot(setting.alice, EVERYTHING) for _ in range(100)))
    assert {snapshot.metrics.total_predictions for snapshot in snapshots} == {2}
    assert (setting.overviews, setting.alerts.evaluated) == (1, 0)


async def test_who_is_told_of_a_change_shares_the_reading_of_the_beat(setting: Setting) -> None:
    seen: list[asyncio.Task[int]] = []

    async def look() -> None:
        seen.append(asyncio.create_task(setting.total()))

    setting.take(0.5)
    setting.hub.watch(setting.alice, on_change=look)
    await setting.beat()
    setting.overviews = 0
    setting.take(0.5, 0.1)
    await setting.beat()
    assert await seen[-1] == 2
    assert setting.overviews == 1


async def test_who_reads_for_a_beat_that_fails_reads_anew(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    setting.take(0.5)
    setting.hub.watch(setting.alice)
    await setting.beat()
    setting.take(0.5, 0.1)
    await setting.hub.look()
    run, reads, failed = setting.database.run, itertools.count(), asyncio.Event()

    async def failing(work: Callable[[], T], *, writes: bool = False) -> T:
        if next(reads) == 1:  # the first is the beat's look
            await failed.wait()
            raise Unavailable('The database is away.')
        return await run(work, writes=writes)

    monkeypatch.setattr(setting.database, 'run', failing)
    beat = asyncio.create_task(setting.beat())
    while not setting.hub._overviews._preparing:  # noqa: ASYNC110 -- nothing tells it
        await asyncio.sleep(0.01)
    seen = asyncio.create_task(setting.total())
    await asyncio.sleep(0.05)
    assert not seen.done()
    failed.set()
    await beat
    assert await seen == 2
    assert not setting.hub._overviews._preparing


async def test_who_reads_beside_the_beat_sees_the_contents_that_stand_from_then_on(setting: Setting) -> None:
    setting.hub.watch(setting.alice)
    setting.take(0.5)
    await setting.beat()
    await setting.hub.snapshot(setting.alice, EVERYTHING)
    setting.take(0.5, 0.1)
    await setting.hub.look()
    setting.database.hold = asyncio.Event()
    reading, beat = (
        asyncio.create_task(work) for work in (setting.hub.snapshot(setting.alice, EVERYTHING), setting.beat())
    )
    while setting.database.held < 2:  # noqa: ASYNC110 -- nothing tells it
        await asyncio.sleep(0.01)
    setting.database.hold.set()
    seen, _ = await asyncio.gather(reading, beat)
    assert setting.overviews == 3, 'each read for itself'
    ready = setting.hub.ready(setting.alice, EVERYTHING)
    assert ready
    assert seen.contents is ready.contents
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).contents is ready.contents


async def test_readers_of_charts_share_a_computation_of_their_own(setting: Setting) -> None:
    setting.take(0.9, 0.1)
    charts = await asyncio.gather(*(setting.hub.charts(setting.alice, HIGH_ONLY) for _ in range(20)))
    assert {found.customers for found in charts} == {1}
    assert setting.dashboard.computed == {'charts': 1}


async def test_charts_of_many_users_are_read_at_once(setting: Setting) -> None:
    setting.take(0.9, 0.1)
    setting.take(0.8, user=setting.bob)
    users = [setting.alice, setting.bob] * 10
    found = await asyncio.gather(*(setting.hub.charts(user_id, EVERYTHING) for user_id in users))
    assert [charts.customers for charts in found] == [2, 1] * 10
    assert [[customer.churn_score for customer in charts.at_risk] for charts in found[:2]] == [[0.9, 0.1], [0.8]]
    assert (setting.charts, setting.dashboard.computed) == (1, {})


async def test_charts_are_read_anew_after_a_change_and_on_the_next_day_only(setting: Setting) -> None:
    watch = setting.hub.watch(setting.alice)
    setting.take(0.9)
    await setting.beat()
    first = await setting.hub.charts(setting.alice, EVERYTHING)
    await setting.beat()
    assert await setting.hub.charts(setting.alice, EVERYTHING) is first

    setting.take(0.2, 0.3)
    await setting.beat()
    assert (await setting.hub.charts(setting.alice, EVERYTHING)).customers == 2

    setting.clock.advance(days=1)
    await setting.beat()
    assert len((await setting.hub.charts(setting.alice, EVERYTHING)).risk_over_time) == 2
    assert setting.charts == 3
    watch.close()


async def test_who_snoozed_somebody_is_left_out_of_what_many_share(setting: Setting) -> None:
    setting.take(0.9, 0.1)
    setting.take(0.8, user=setting.bob)
    snooze = Snooze(until=NOW.date() + timedelta(days=3))
    CustomerRecords(setting.elsewhere, clock=setting.clock).change(setting.alice, 'C0', RecordChange(snooze=snooze))
    alice, bob = await asyncio.gather(
        *(setting.hub.charts(user_id, EVERYTHING) for user_id in (setting.alice, setting.bob))
    )
    assert [customer.churn_score for customer in alice.at_risk] == [0.1]
    assert (alice.snoozed_customers, bob.snoozed_customers, bob.customers) == (1, 0, 1)
    setting.clock.advance(days=3)
    assert (await setting.hub.charts(setting.alice, EVERYTHING)).snoozed_customers == 0


async def test_charts_that_the_rollups_do_not_know_are_the_same(setting: Setting) -> None:
    setting.take(0.9, 0.1)
    by_rollups = await setting.hub.charts(setting.alice, EVERYTHING)
    with setting.elsewhere.writing() as session:
        session.execute(update(UserRevision).values(rollup_zone=None, revision=col(UserRevision.revision) + 1))
    by_sql = await setting.hub.charts(setting.alice, EVERYTHING)
    assert by_rollups.revenue is not None
    assert by_sql == by_rollups.model_copy(update={'revenue': None})  # it is for whoever shows them to ask for it
    assert (setting.charts, setting.dashboard.computed) == (1, {'charts': 1})


async def test_each_query_and_each_user_has_numbers_of_its_own(setting: Setting) -> None:
    setting.take(0.9, 0.1)
    setting.take(0.5, user=setting.bob)
    assert await setting.total() == 2
    assert await setting.total(query=HIGH_ONLY) == 1
    assert await setting.total(setting.bob) == 1
    assert (setting.overviews, setting.dashboard.computed['numbers']) == (2, 1)  # an alert starts without another one


async def test_a_beat_without_a_change_computes_nothing(setting: Setting) -> None:
    setting.take(0.5)
    watch = setting.hub.watch(setting.alice)
    first = await setting.hub.snapshot(setting.alice, EVERYTHING)
    setting.clock.advance(seconds=5)
    await setting.beat()
    second = await setting.hub.snapshot(setting.alice, EVERYTHING)
    watch.close()

    assert (setting.overviews, setting.alerts.evaluated) == (1, 0)
    assert (first.etag, first.as_of) == (second.etag, NOW)
    assert second.as_of == setting.clock.now


async def test_a_change_by_another_process_is_seen_within_one_beat(setting: Setting) -> None:
    watch = setting.hub.watch(setting.alice)
    assert await setting.total() == 0
    setting.take(0.9)
    assert await setting.total() == 0  # a watched user is looked at once a beat
    await setting.beat()
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


async def test_what_was_read_of_a_user_for_this_question_is_not_read_again(setting: Setting) -> None:
    state = await UserLookup(setting.elsewhere).state(setting.alice)
    assert state
    known = KnownState(state, NOW - timedelta(seconds=3))
    await setting.total()
    asked: list[str] = []
    event.listen(setting.database.engine, 'before_cursor_execute', lambda *args: asked.append(args[2]))
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING, known=known)).as_of == known.asked_at
    assert asked == []
    await setting.total()
    assert asked, 'it is read for others'

    watch = setting.hub.watch(setting.alice)
    setting.take(0.9)
    await setting.beat()
    snapshot = await setting.hub.snapshot(setting.alice, EVERYTHING, known=known)
    assert (snapshot.metrics.total_predictions, snapshot.as_of) == (1, NOW), 'a look came back since'
    watch.close()


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
    assert [each.metrics.new_predictions_today for each in (before, after)] == [1, 0]
    assert before.etag != after.etag


async def test_a_new_time_zone_changes_the_numbers_without_a_new_revision(setting: Setting) -> None:
    setting.take(0.9, at=datetime(2026, 11, 23, 1, tzinfo=UTC))
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).metrics.new_predictions_today == 1
    with setting.elsewhere.writing() as session:
        alice = users.find(session, 'alice@example.com')
        alice.time_zone = 'America/Los_Angeles'
        session.add(alice)
        rebuild(session, setting.alice, zone=alice.time_zone, bands=RiskBands())
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).metrics.new_predictions_today == 0


async def test_those_who_listen_are_told_what_changed(setting: Setting) -> None:
    told: list[tuple[int, int, int]] = []

    async def listener(before: UserState, now: UserState) -> None:
        told.append((now.user_id, before.arrivals, now.arrivals))

    setting.hub.on_change(listener)
    setting.take(0.1)
    watch = setting.hub.watch(setting.alice)
    await setting.beat()
    setting.take(0.2, 0.3)
    setting.take(0.4, user=setting.bob)
    await setting.beat()
    await setting.beat()
    watch.close()
    assert told == [(setting.alice, 1, 3)]


async def test_those_who_listen_are_told_of_an_alert_when_it_starts(setting: Setting) -> None:
    told = listen_to_alerts(setting)
    watch = setting.hub.watch(setting.alice)
    await setting.beat()
    setting.take(0.9, 0.1)
    await setting.beat()
    await setting.beat()
    snapshot = await setting.hub.snapshot(setting.alice, EVERYTHING)
    watch.close()
    assert told == [(setting.alice, 'critical')]
    assert [alert.type for alert in snapshot.alerts] == ['critical']


async def test_an_alert_that_another_process_started_is_told_too(setting: Setting) -> None:
    told = listen_to_alerts(setting)
    watch = setting.hub.watch(setting.alice)
    await setting.beat()
    setting.take(0.9, 0.1)
    now = setting.clock.now
    Alerts(setting.elsewhere).evaluate(setting.dashboard.selection(setting.alice, EVERYTHING, zone='UTC', now=now), now)
    await setting.beat()
    watch.close()
    assert told == [(setting.alice, 'critical')]


async def test_silence_is_told_when_it_begins_within_a_day(setting: Setting) -> None:
    told = listen_to_alerts(setting)
    setting.take(0.1)
    watch = setting.hub.watch(setting.alice)
    setting.clock.advance(hours=47)
    await setting.beat()
    setting.clock.advance(hours=1, seconds=1)
    await setting.beat()
    watch.close()
    assert told == [(setting.alice, 'info')]


async def test_silence_is_told_to_one_who_looks_again(setting: Setting) -> None:
    told = listen_to_alerts(setting)
    setting.take(0.1)
    setting.clock.advance(hours=47)
    setting.hub.watch(setting.alice).close()
    assert (await setting.hub.snapshot(setting.alice, EVERYTHING)).alerts == ()
    watch = setting.hub.watch(setting.alice)
    await setting.beat()
    setting.clock.advance(hours=1, seconds=1)
    await setting.beat()
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
        await setting.beat()
        alerts = (await setting.hub.snapshot(setting.alice, EVERYTHING)).alerts
        watch.close()
    assert [alert.type for alert in alerts] == ['info']


async def test_a_listener_that_fails_keeps_nobody_else_from_being_told(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    async def failing(_users: Collection[int]) -> None:
        raise RuntimeError('listener down')

    async def listener(_users: Collection[int]) -> None:
        told.append('beat')

    setting.hub.on_beat(failing)
    setting.hub.on_beat(listener)
    await setting.beat()
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
    await setting.beat()
    for question in (setting.hub.snapshot, setting.hub.charts):
        with pytest.raises(InvalidToken):
            await question(setting.alice, EVERYTHING)
    with pytest.raises(InvalidToken):
        await setting.hub.check_user(setting.alice)
    disable(setting, disabled=False)
    await setting.beat()
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
    readers = [asyncio.create_task(setting.total(query=HIGH_ONLY)) for _ in range(3)]
    await until(lambda: setting.dashboard.computed['numbers'] == 1)
    readers[0].cancel()
    await asyncio.sleep(0.02)
    setting.dashboard.gate.set()

    first, *others = await asyncio.gather(*readers, return_exceptions=True)

    assert isinstance(first, asyncio.CancelledError)
    assert others == [1, 1]
    assert await setting.total(query=HIGH_ONLY) == 1
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
    await setting.beat()  # so that all of them ask at the same time
    readers = await asyncio.gather(*(setting.total(query=HIGH_ONLY) for _ in range(5)), return_exceptions=True)
    assert [type(reader) for reader in readers] == [Unavailable] * 5
    assert await setting.total(query=HIGH_ONLY) == 0
    watch.close()


@pytest.fixture
def take_away(setting: Setting, tmp_path: Path) -> Callable[[bool], None]:
    """Let the database be gone, or back: its file cannot be opened."""

    def take_away(away: bool) -> None:
        close()
        names = [tmp_path / 'board.sqlite3', tmp_path / 'away.sqlite3']
        if not away:
            (tmp_path / 'board.sqlite3').rmdir()
            names.reverse()
        names[0].rename(names[1])
        if away:
            (tmp_path / 'board.sqlite3').mkdir()
        close()  # what was opened meanwhile would go on with the file as it was

    def close() -> None:
        for database in (setting.database, setting.elsewhere):
            database.engine.dispose()

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
    await setting.beat()
    with pytest.raises(Unavailable):
        await setting.hub.snapshot(
            setting.alice, EVERYTHING
        )  # from then on nobody is shown old numbers as present ones

    take_away(False)
    setting.take(0.8)
    await setting.beat()
    assert await setting.total() == 2
    watch.close()


async def test_the_hub_beats_on_after_a_beat_that_failed(
    setting: Setting, take_away: Callable[[bool], None], caplog: pytest.LogCaptureFixture
) -> None:
    setting.hub = setting.new_hub(refresh_seconds=0.05)
    watch = setting.hub.watch(setting.alice)
    beating = asyncio.create_task(Beat(setting.hub).run())
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
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 -- what is waited for happens on other threads
            await asyncio.sleep(0.01)


async def test_one_user_whose_alerts_cannot_be_decided_keeps_nobody_else_from_being_served(setting: Setting) -> None:
    served: list[int] = []

    async def serve(users: Collection[int]) -> None:
        served.extend(users)

    def failing(selection: Selection, now: datetime) -> Evaluation:
        if selection.user_id == setting.alice:
            raise Unavailable('no')
        return evaluate(selection, now)

    evaluate, setting.alerts.evaluate = setting.alerts.evaluate, failing  # type: ignore[method-assign]
    setting.hub.on_beat(serve)
    setting.take(0.9)
    setting.take(0.9, user=setting.bob)
    setting.drop_rollups(setting.alice)
    watches = [setting.hub.watch(user) for user in (setting.alice, setting.bob)]
    await setting.beat()
    assert sorted(served) == [setting.alice, setting.bob]
    with pytest.raises(Unavailable):
        await setting.hub.snapshot(setting.alice, EVERYTHING)
    assert len((await setting.hub.snapshot(setting.bob, EVERYTHING)).alerts) == 1
    for watch in watches:
        watch.close()


async def test_those_without_rollups_are_decided_a_few_at_a_time_and_hold_up_nobody_else(setting: Setting) -> None:
    gate, decided, beats = threading.Event(), Counter[int](), Counter[int]()

    async def serve(users: Collection[int]) -> None:
        beats.update(users)

    def slow(selection: Selection, now: datetime) -> Evaluation:
        decided[selection.user_id] += 1
        assert gate.wait(10)
        return evaluate(selection, now)

    setting.hub = setting.new_hub(refresh_seconds=0.05)
    evaluate, setting.alerts.evaluate = setting.alerts.evaluate, slow  # type: ignore[method-assign]
    setting.hub.on_beat(serve)
    others = [setting.add_user(f'{number}@example.com') for number in range(2 * DECIDED_AT_ONCE)]
    for user in (*others, setting.bob):
        setting.take(0.9, user=user)
    setting.drop_rollups(*others)
    watches = [setting.hub.watch(user) for user in (*others, setting.bob)]
    beating = asyncio.create_task(Beat(setting.hub).run())
    await until(lambda: len(decided) == DECIDED_AT_ONCE and beats[setting.bob] >= 3)
    assert set(decided.values()) == {1}, 'they are left out until they are done'
    assert len((await setting.hub.snapshot(setting.bob, EVERYTHING)).alerts) == 1
    gate.set()
    await until(lambda: len(decided) == len(others))
    beating.cancel()
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
    await setting.beat()
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


# --- what takes long -----------------------------------------------------------------------------------------------


class SlowDashboard(CountingDashboard):
    """To go through more than two predictions takes long, until ``gate`` is opened."""

    def __init__(self) -> None:
        super().__init__()
        self._at_once = 2
        self.served: list[int] = []

    def board(self, session: Session, selection: Selection) -> Board:
        self.computed['board'] += 1
        self.served.append(selection.user_id)
        assert self.gate.wait(10)
        return super().board(session, selection)


@pytest.fixture
async def slow(setting: Setting) -> AsyncIterator[Setting]:
    """Alice has four predictions, three of them high; bob has one."""
    setting.dashboard = SlowDashboard()
    setting.hub = impatient_hub(setting)
    setting.take(0.9, 0.8, 0.7, 0.1)
    setting.take(0.9, user=setting.bob)
    yield setting
    setting.dashboard.gate.set()
    setting.hub.close()


def impatient_hub(setting: Setting, *, at_once: float = 20) -> LiveHub:
    return LiveHub(
        setting.database,
        setting.dashboard,
        CountingAlerts(setting.database),
        clock=setting.clock,
        refresh_seconds=30,
        patience=Patience(at_once=at_once, lane=0.05),
    )


async def state_of(setting: Setting) -> str | None:
    payload = (await setting.hub.snapshot(setting.alice, HIGH_ONLY)).payload
    state: str | None = payload.get('state')
    return state


async def is_there(setting: Setting, query: DashboardQuery = HIGH_ONLY) -> None:
    """Ask again and again, as clients do."""
    async with asyncio.timeout(60):
        while True:
            try:
                if not (await setting.hub.snapshot(setting.alice, query)).refreshing:
                    return
            except BeingWorkedOut:
                pass
            await asyncio.sleep(0.01)


async def test_what_takes_long_is_explained_until_it_is_there(slow: Setting) -> None:
    slow.dashboard.gate.clear()
    for ask in (slow.hub.snapshot, slow.hub.charts):
        with pytest.raises(BeingWorkedOut, match='goes through all of your 4 predictions') as told:
            await ask(slow.alice, HIGH_ONLY)
        assert told.value.payload()['code'] == 'unavailable'
        assert told.value.retry_after == 5
    slow.dashboard.gate.set()
    await is_there(slow)
    assert await slow.total(query=HIGH_ONLY) == 3
    assert await state_of(slow) is None
    assert (await slow.hub.charts(slow.alice, HIGH_ONLY)).customers == 3
    assert slow.dashboard.computed == {'board': 1}, 'its charts came with the numbers'


async def test_what_does_not_take_long_after_all_is_waited_for(slow: Setting) -> None:
    slow.hub = LiveHub(
        slow.database, slow.dashboard, CountingAlerts(slow.database), clock=slow.clock, refresh_seconds=30
    )
    assert await slow.total(query=HIGH_ONLY) == 3
    slow.hub.close()


async def test_what_takes_one_user_long_keeps_nobody_waiting(slow: Setting) -> None:
    slow.dashboard.gate.clear()
    many = [DashboardQuery.parse({'min_score': f'0.0{n}'}) for n in range(10)]
    for refused in await asyncio.gather(*(slow.total(query=query) for query in many), return_exceptions=True):
        assert isinstance(refused, BeingWorkedOut)
    async with asyncio.timeout(30):
        slow.dashboard.gate, closed = threading.Event(), slow.dashboard.gate
        slow.dashboard.gate.set()  # for what is computed at once
        assert await slow.total(slow.bob, HIGH_ONLY) == 1
        assert await slow.total() == 4
        assert (await slow.hub.charts(slow.bob, HIGH_ONLY)).customers == 1
    closed.set()


async def test_meanwhile_the_last_known_numbers_are_shown_as_what_they_are(slow: Setting) -> None:
    before = await first_numbers(slow)
    known = slow.clock.now
    assert before.payload['timestamp'] == rfc3339(known)
    slow.dashboard.gate.clear()
    slow.clock.advance(seconds=5)
    slow.take(0.95)
    for _ in range(3):
        slow.clock.advance(seconds=5)
        meanwhile = await slow.hub.snapshot(slow.alice, HIGH_ONLY)
        assert meanwhile.payload == {**before.payload, 'state': 'refreshing'}
        assert meanwhile.as_of == known, 'old numbers never get a newer time'
        assert meanwhile.etag != before.etag
        assert (await slow.hub.charts(slow.alice, HIGH_ONLY)).customers == 3
    slow.dashboard.gate.set()
    await is_there(slow)
    after = await slow.hub.snapshot(slow.alice, HIGH_ONLY)
    assert 'state' not in after.payload
    assert (after.metrics.total_predictions, after.as_of) == (4, slow.clock.now)


async def first_numbers(setting: Setting) -> Snapshot:
    await is_there(setting)
    return await setting.hub.snapshot(setting.alice, HIGH_ONLY)


async def test_known_numbers_stay_true_while_nothing_changes(slow: Setting) -> None:
    await first_numbers(slow)
    slow.clock.advance(seconds=5)
    again = await slow.hub.snapshot(slow.alice, HIGH_ONLY)
    assert (again.refreshing, again.as_of) == (False, slow.clock.now)
    slow.dashboard.gate.clear()
    slow.take(0.95)
    slow.clock.advance(seconds=5)
    meanwhile = await slow.hub.snapshot(slow.alice, HIGH_ONLY)
    assert (meanwhile.refreshing, meanwhile.as_of) == (True, again.as_of)


async def test_what_takes_long_is_computed_once_for_all_who_ask_before_it_begins(slow: Setting) -> None:
    slow.dashboard.gate.clear()
    other = DashboardQuery.parse({'min_score': '0.05'})
    with pytest.raises(BeingWorkedOut):
        await slow.total(query=other)  # the lane is taken
    await until(lambda: slow.dashboard.computed['board'] == 1)
    for score in (0.71, 0.72):  # a newer state is read anyway, by what has not begun
        await asyncio.gather(*(slow.total(query=HIGH_ONLY) for _ in range(20)), return_exceptions=True)
        slow.take(score)
    slow.dashboard.gate.set()
    await is_there(slow)
    assert await slow.total(query=HIGH_ONLY) == 5
    assert slow.dashboard.computed['board'] in (2, 3), 'the last prediction may have come after it began'


async def test_what_somebody_asks_about_again_and_again_is_still_wanted(slow: Setting) -> None:
    seconds = [0.0]
    answers = Answers(slow.database, slow.dashboard, lane=Lane(clock=lambda: seconds[-1]), patience=Patience(lane=0.05))
    selections = [
        slow.dashboard.selection(slow.alice, query, zone='UTC', now=slow.clock.now)
        for query in (DashboardQuery.parse({'min_score': '0.05'}), HIGH_ONLY)
    ]
    slow.dashboard.gate.clear()
    for _ in range(3):
        seconds.append(seconds[-1] + WANTED_SECONDS - 1)
        for selection in selections:
            with pytest.raises(BeingWorkedOut):
                await answers.numbers(selection, 1, slow.clock.now)
    slow.dashboard.gate.set()
    await until(lambda: slow.dashboard.computed['board'] == 2)
    answers.close()


async def test_a_failure_of_what_takes_long_is_told_and_not_kept(slow: Setting) -> None:
    class Failing(SlowDashboard):
        def board(self, session: Session, selection: Selection) -> Board:
            if not self.computed['board']:
                self.computed['board'] += 1
                raise Unavailable('away')
            return super().board(session, selection)

    slow.dashboard = Failing()
    slow.hub = impatient_hub(slow)
    with pytest.raises(Unavailable, match='away'):
        await slow.total(query=HIGH_ONLY)
    await is_there(slow)
    slow.hub.close()


async def test_what_takes_longer_than_was_expected_goes_to_the_lane_from_then_on(setting: Setting) -> None:
    setting.hub = impatient_hub(setting, at_once=0.1)
    setting.take(0.9)
    setting.dashboard.gate.clear()
    with pytest.raises(BeingWorkedOut, match='takes long'):
        await setting.total(query=HIGH_ONLY)
    setting.take(0.8)
    await is_there(setting)
    assert await setting.total(query=HIGH_ONLY) == 2
    assert setting.dashboard.computed == {'numbers': 1}, 'which still waits at the gate'
    setting.dashboard.gate.set()
    setting.hub.close()


class Turns:
    """A lane whose work is done when it is told to be, and the order in which that began."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lane = Lane(clock=lambda: self.now)
        self.begun: list[str] = []
        self.gate = threading.Event()

    def ask(self, user_id: int, name: str) -> asyncio.Future[str]:
        def work() -> str:
            self.begun.append(name)
            assert self.gate.wait(10)
            return name

        return self.lane.ask(user_id, name, work)


@pytest.fixture
async def turns() -> AsyncIterator[Turns]:
    turns = Turns()
    yield turns
    turns.gate.set()
    turns.lane.close()


async def test_the_lane_serves_one_user_after_another(turns: Turns) -> None:
    futures = [turns.ask(1, name) for name in ('a1', 'a2', 'a3')] + [turns.ask(2, name) for name in ('b1', 'b2')]
    turns.gate.set()
    assert await asyncio.gather(*futures) == ['a1', 'a2', 'a3', 'b1', 'b2']
    assert turns.begun == ['a1', 'b1', 'a2', 'b2', 'a3']


async def test_what_nobody_waits_for_any_more_is_not_begun(turns: Turns) -> None:
    running, left, wanted = turns.ask(1, 'running'), turns.ask(1, 'left'), turns.ask(2, 'wanted')
    turns.now = WANTED_SECONDS
    turns.lane.want('wanted')
    turns.lane.want('unknown')
    turns.now += 1
    turns.gate.set()
    assert [await running, await wanted] == ['running', 'wanted']
    with pytest.raises(Unavailable, match='Ask again'):
        await left
    assert turns.begun == ['running', 'wanted']
    assert await turns.ask(1, 'left') == 'left', 'asked again it is done'


async def test_what_is_asked_for_again_after_it_began_is_done_again(turns: Turns) -> None:
    first = turns.ask(1, 'a')
    await until(lambda: turns.begun == ['a'])
    second, third = turns.ask(1, 'a'), turns.ask(1, 'a')
    assert second is third is not first
    turns.gate.set()
    assert await asyncio.gather(first, second) == ['a', 'a']
    assert turns.begun == ['a', 'a']


async def test_a_closed_lane_leaves_nobody_waiting(turns: Turns) -> None:
    futures = [turns.ask(1, 'running'), turns.ask(1, 'queued')]
    await until(lambda: turns.begun == ['running'])
    turns.lane.close()
    assert await asyncio.gather(*futures, return_exceptions=True)
    assert [future.cancelled() for future in futures] == [True, True]


def test_what_was_known_last_is_kept_in_bounded_memory() -> None:
    known = LastKnown[int](size=2)
    known.put('a', 1)
    known.put('b', 2)
    known.put('a', 3)
    known.put('c', 4)
    assert [known.get(key) for key in 'abc'] == [3, None, 4]
    assert known.get('a') == 3
    known.put('d', 5)
    assert [known.get(key) for key in 'acd'] == [3, None, 5]


@pytest.mark.parametrize('seed', range(3))
async def test_what_stands_is_what_anybody_would_work_out_now(setting: Setting, seed: int) -> None:
    """Whatever happens between two beats: new data, a new day, data that becomes too old, or nothing."""
    rng, stood = random.Random(seed), 0
    watch = setting.hub.watch(setting.alice)
    before = None
    for step in range(30):
        if rng.random() < 0.4:
            setting.take(*rng.choices([0.1, 0.5, 0.9], k=rng.randrange(1, 6)))
        setting.clock.advance(hours=rng.choice([0, 0, 0, 7, 30]), seconds=5)
        await setting.beat()
        ready = setting.hub.ready(setting.alice, EVERYTHING)
        assert ready, step
        fresh = await setting.new_hub().snapshot(setting.alice, EVERYTHING)
        assert ready.payload | {'timestamp': 0} == fresh.payload | {'timestamp': 0}, step
        assert ready.as_of == setting.clock.now, 'a look that finds nothing new makes it younger'
        stood += before is ready.contents
        before = ready.contents
    watch.close()
    assert stood >= 5
