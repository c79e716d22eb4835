"""Notes, owners and snoozes: whose they are, what they take, and what becomes of them when scores go."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from services import users
from services.alerts import Alerts
from services.clock import to_micros
from services.customer_detail import customer_detail
from services.customer_records import (
    LONGEST_NOTE,
    LONGEST_OWNER,
    LONGEST_SNOOZE,
    MOST_NOTES,
    CustomerRecords,
    RecordChange,
    Snooze,
    parsed_day,
)
from services.customer_removal import remove_customer
from services.customer_tables import CustomerNote, CustomerRecord
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidRequest, NotFound
from services.hub import LiveHub
from services.models import SourceKind, UserRevision
from services.plan import Plan, Route
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.schemas import Charts
from services.scores import RiskBands
from services.sources import Sources
from services.workspace import Workspace
from tests.accounts import SettableClock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = NOW.date()
NEXT_WEEK = TODAY + timedelta(days=7)


class Desk:
    """Alice and Bob, who have a customer of the same id."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, SettableClock(NOW)
        self.ingest = Ingest(database, clock=self.clock)
        self.records = CustomerRecords(database, clock=self.clock)
        with database.writing() as session:
            ids = [users.add(session, f'{name}@example.com', password_hash='x').id for name in ('alice', 'bob')]
        self.alice, self.bob = [user_id or 0 for user_id in ids]
        for user_id in (self.alice, self.bob):
            self.score('c1', 0.5, user_id=user_id)

    def score(self, customer: str, value: float, *, user_id: int = 0, kind: SourceKind = SourceKind.FILE) -> int:
        """A prediction of now; the id of its source."""
        row = PredictionRow(1, customer, round(value * 1_000_000), to_micros(self.clock()))
        taken = self.ingest.take(user_id or self.alice, [row], kind=kind, name='scores.csv')
        assert taken.source_id
        return taken.source_id

    def detail(self, customer: str = 'c1', *, user_id: int = 0, zone: str = 'UTC') -> dict[str, Any]:
        found = self.detail_or_none(customer, user_id=user_id, zone=zone)
        assert found
        return found

    def detail_or_none(self, customer: str, *, user_id: int = 0, zone: str = 'UTC') -> dict[str, Any] | None:
        user_id = user_id or self.alice
        selection = Dashboard(bands=RiskBands()).selection(user_id, DashboardQuery(), zone=zone, now=self.clock())
        with self.database.reading() as session:
            return customer_detail(session, selection, customer, limit=10, after=None, about=())

    def snooze(self, until: date | None, *, reason: str = '', customer: str = 'c1') -> dict[str, Any]:
        return self.records.change(self.alice, customer, RecordChange(snooze=Snooze(until=until, reason=reason)))

    def charts(self, query: dict[str, Any] | None = None, *, by_sql: bool = False) -> Charts:
        dashboard = Dashboard(bands=RiskBands())
        asked = dashboard.selection(self.alice, DashboardQuery.parse(query or {}), zone='UTC', now=self.clock())
        with self.database.reading() as session:
            if by_sql:
                asked = replace(asked, plan=Plan(route=Route.ALL))
            return dashboard.charts(session, asked)

    def revision(self) -> tuple[int, int]:
        with self.database.reading() as session:
            row = session.get(UserRevision, self.alice)
            assert row
            return row.revision, row.rewritten

    def kept(self, table: type = CustomerNote) -> int:
        with self.database.reading() as session:
            return session.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def listed(charts: Charts) -> list[str]:
    return [customer.customer_id for customer in charts.at_risk]


# --- notes


def test_a_note_is_kept_as_it_was_written_with_its_time(desk: Desk) -> None:
    note = desk.records.add_note(desk.alice, 'c1', '  Called Ana.\r\n\r\n👨‍👩‍👧 <b>“Friday”</b>\u2028end  ')
    assert note.text == 'Called Ana.\n\n👨‍👩‍👧 <b>“Friday”</b>\nend'
    assert desk.detail()['notes'] == [
        {'id': str(note.id), 'customer_id': 'c1', 'text': note.text, 'written_at': '2026-11-23T12:00:00.000Z'}
    ]


def test_notes_are_told_newest_first_and_edited_ones_say_when(desk: Desk) -> None:
    first, second = (desk.records.add_note(desk.alice, 'c1', words) for words in ('first', 'second'))
    desk.clock.now += timedelta(minutes=5)
    desk.records.edit_note(desk.alice, first.id, 'first, mended')
    desk.records.edit_note(desk.alice, second.id, 'second')  # nothing new
    told = desk.detail()['notes']
    assert [note['text'] for note in told] == ['second', 'first, mended']
    assert [note.get('edited_at') for note in told] == [None, '2026-11-23T12:05:00.000Z']


def test_a_note_that_was_deleted_is_gone_and_its_number_never_comes_again(desk: Desk) -> None:
    gone = desk.records.add_note(desk.alice, 'c1', 'wrong')
    assert desk.records.delete_note(desk.alice, gone.id).text == 'wrong'
    assert desk.detail()['notes'] == []
    assert desk.records.add_note(desk.alice, 'c1', 'right').id > gone.id
    for again in (
        lambda: desk.records.delete_note(desk.alice, gone.id),
        lambda: desk.records.edit_note(desk.alice, gone.id, 'x'),
    ):
        with pytest.raises(NotFound, match='no such note'):
            again()


@pytest.mark.parametrize('words', ['', ' \n\t ', 'x' * (LONGEST_NOTE + 1), 'a\0b', 'a\x1b[31m', '\ud800'])
def test_what_is_no_note_is_refused_with_the_reason_and_nothing_is_kept(desk: Desk, words: str) -> None:
    before = desk.revision()
    with pytest.raises(InvalidRequest) as refused:
        desk.records.add_note(desk.alice, 'c1', words)
    assert refused.value.field == 'text'
    assert (desk.kept(), desk.revision()) == (0, before)


def test_a_note_of_the_greatest_length_is_taken_and_there_is_an_end_to_their_number(desk: Desk) -> None:
    desk.records.add_note(desk.alice, 'c1', 'ä' * LONGEST_NOTE)
    with desk.database.writing() as session:
        for number in range(MOST_NOTES - 1):
            session.add(
                CustomerNote(
                    user_id=desk.alice, id=-number - 1, customer_id='c1', text='x', written_at=0, edited_at=None
                )
            )
    with pytest.raises(InvalidRequest, match='200 notes'):
        desk.records.add_note(desk.alice, 'c1', 'one too many')
    assert desk.kept() == MOST_NOTES


@pytest.mark.parametrize('customer', ['nobody', '', 'a\0b', 'C1'])
def test_nothing_is_written_about_a_customer_who_is_not_there(desk: Desk, customer: str) -> None:
    before = desk.revision()
    changes: list[Callable[[], object]] = [
        lambda: desk.records.add_note(desk.alice, customer, 'x'),
        lambda: desk.records.change(desk.alice, customer, RecordChange(owner='Maria')),
        lambda: desk.snooze(NEXT_WEEK, customer=customer),
    ]
    for change in changes:
        with pytest.raises(NotFound):
            change()
    assert (desk.kept(), desk.kept(CustomerRecord), desk.revision()) == (0, 0, before)


# --- whose they are


def test_nobody_sees_or_touches_what_another_user_wrote(desk: Desk) -> None:
    mine = desk.records.add_note(desk.alice, 'c1', 'secret')
    desk.records.change(desk.alice, 'c1', RecordChange(owner='Maria', snooze=Snooze(until=NEXT_WEEK)))
    for attempt in (
        lambda: desk.records.edit_note(desk.bob, mine.id, 'mine now'),
        lambda: desk.records.delete_note(desk.bob, mine.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert desk.detail(user_id=desk.bob)['notes'] == []
    assert not {'owner', 'snoozed_until'} & set(desk.detail(user_id=desk.bob))
    assert desk.detail()['notes'][0]['text'] == 'secret'


def test_two_users_may_have_notes_of_the_same_number(desk: Desk) -> None:
    mine, other = (desk.records.add_note(user_id, 'c1', 'x') for user_id in (desk.alice, desk.bob))
    assert mine.id == other.id
    desk.records.delete_note(desk.alice, mine.id)
    assert len(desk.detail(user_id=desk.bob)['notes']) == 1


# --- owner


def test_who_looks_after_a_customer_is_said_changed_and_taken_back(desk: Desk) -> None:
    for owner, expected in (('  Maria Lund ', 'Maria Lund'), ('Jo', 'Jo'), ('', None)):
        told = desk.records.change(desk.alice, 'c1', RecordChange(owner=owner))
        assert desk.detail().get('owner') == told.get('owner') == expected


@pytest.mark.parametrize('owner', ['x' * (LONGEST_OWNER + 1), 'two\nlines', 'a\0b', '\ud800'])
def test_an_owner_is_one_short_line(desk: Desk, owner: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        desk.records.change(desk.alice, 'c1', RecordChange(owner=owner))
    assert refused.value.field == 'owner'


# --- snooze


def test_a_snoozed_customer_is_left_out_until_its_day_and_counted(desk: Desk) -> None:
    desk.score('c2', 0.9)
    assert listed(desk.charts()) == ['c2', 'c1']
    desk.snooze(NEXT_WEEK, reason='on holiday', customer='c2')
    charts = desk.charts()
    assert (listed(charts), charts.snoozed_customers, charts.customers) == (['c1'], 1, 2)
    (left_out,) = charts.snoozed
    assert (left_out.customer_id, left_out.snoozed_until, left_out.snooze_reason) == ('c2', NEXT_WEEK, 'on holiday')

    desk.clock.now = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
    assert listed(desk.charts()) == ['c1']
    desk.clock.now = datetime(2026, 11, 30, tzinfo=UTC)
    assert (listed(desk.charts()), desk.charts().snoozed_customers) == (['c2', 'c1'], 0)
    assert 'snoozed_until' not in desk.detail('c2')


def test_a_snooze_can_be_taken_back_and_leaves_the_owner_alone(desk: Desk) -> None:
    desk.records.change(desk.alice, 'c1', RecordChange(owner='Maria'))
    assert desk.snooze(NEXT_WEEK, reason='why') == {
        'owner': 'Maria', 'snoozed_until': '2026-11-30', 'snooze_reason': 'why'
    }  # fmt: skip
    assert listed(desk.charts()) == []
    assert desk.snooze(None) == {'owner': 'Maria'}
    assert listed(desk.charts()) == ['c1']


def test_ten_points_more_wake_a_customer_up_and_it_sleeps_on_when_they_are_gone(desk: Desk) -> None:
    desk.snooze(NEXT_WEEK)
    desk.clock.now += timedelta(minutes=1)
    desk.score('c1', 0.599999)
    assert listed(desk.charts()) == []
    assert 'woken_up' not in desk.detail()
    desk.clock.now += timedelta(minutes=1)
    source = desk.score('c1', 0.6)
    assert listed(desk.charts()) == ['c1']
    assert desk.charts().snoozed_customers == 0
    assert desk.detail()['woken_up'] is True
    Sources(desk.database, bands=RiskBands()).remove(desk.alice, source)
    assert listed(desk.charts()) == []
    desk.score('c1', 0.9)
    assert desk.snooze(NEXT_WEEK) == {'snoozed_until': '2026-11-30'}, 'snoozed anew, at the score of now'
    assert listed(desk.charts()) == []


@pytest.mark.parametrize('query', [{}, {'q': 'c'}, {'range': '7d'}, {'from': '2026-11-22'}, {'to': '2026-11-22'}])
def test_whichever_way_the_list_is_read_the_same_are_left_out(desk: Desk, query: dict[str, Any]) -> None:
    for number in range(2, 30):
        desk.clock.now = NOW - timedelta(days=number % 3)
        desk.score(f'c{number}', number / 40)
        desk.clock.now = NOW
        if number % 2:
            desk.snooze(NEXT_WEEK, customer=f'c{number}')
    desk.score('c29', 0.9)  # awake: it was 0.725
    charts, by_sql = desk.charts(query), desk.charts(query, by_sql=True)
    assert (charts.at_risk, charts.snoozed, charts.snoozed_customers, charts.customers) == (
        by_sql.at_risk, by_sql.snoozed, by_sql.snoozed_customers, by_sql.customers
    )  # fmt: skip
    names = {customer.customer_id for customer in (*charts.at_risk, *charts.snoozed)}
    assert len(names) == charts.customers, 'each customer is in one of the two'
    assert charts.snoozed_customers == len(charts.snoozed) > 0
    assert all(int(customer.customer_id[1:]) % 2 for customer in charts.snoozed)


def test_the_list_is_full_however_many_of_the_highest_are_left_out(desk: Desk) -> None:
    for number in range(10, 60):
        desk.score(f'c{number}', 0.5 + number / 200)
    for number in range(35, 60):
        desk.snooze(NEXT_WEEK, customer=f'c{number}')
    charts = desk.charts()
    assert listed(charts) == [f'c{number}' for number in range(34, 14, -1)]
    assert [customer.customer_id for customer in charts.snoozed] == [f'c{number}' for number in range(59, 39, -1)]
    assert charts.snoozed_customers == 25


@pytest.mark.parametrize('days', [0, -1, LONGEST_SNOOZE + 1])
def test_a_snooze_ends_after_today_and_not_too_far_away(desk: Desk, days: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        desk.snooze(TODAY + timedelta(days=days))
    assert refused.value.field == 'snoozed_until'
    assert desk.snooze(TODAY + timedelta(days=1))
    assert desk.snooze(TODAY + timedelta(days=LONGEST_SNOOZE))


def test_the_day_is_one_of_the_users_zone(desk: Desk) -> None:
    with desk.database.writing() as session:
        users.set_time_zone(session, 'alice@example.com', 'Pacific/Auckland')
        session.execute(text('UPDATE user_revision SET rollup_zone = NULL'))
    with pytest.raises(InvalidRequest):
        desk.snooze(date(2026, 11, 24))  # it is 01:00 of that day there
    assert desk.snooze(date(2026, 11, 25)) == {'snoozed_until': '2026-11-25'}
    desk.clock.now = datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert 'snoozed_until' not in desk.detail(zone='Pacific/Auckland')


@pytest.mark.parametrize('value', ['', 'soon', '2026-02-30', '2026-W48-1', '20261201', '٢٠٢٦-12-01', 5, True, ['x']])
def test_what_is_no_day_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequest):
        parsed_day(value)


# --- what becomes of them


def test_undoing_all_scores_keeps_what_was_written_and_new_scores_bring_it_back(desk: Desk) -> None:
    source = desk.score('c9', 0.8)
    desk.records.add_note(desk.alice, 'c9', 'still true')
    desk.records.change(desk.alice, 'c9', RecordChange(owner='Maria'))
    Sources(desk.database, bands=RiskBands()).remove(desk.alice, source)
    assert desk.detail_or_none('c9') is None
    desk.score('c9', 0.4)
    assert (desk.detail('c9')['owner'], desk.detail('c9')['notes'][0]['text']) == ('Maria', 'still true')


async def test_removing_the_sample_data_keeps_what_was_written(desk: Desk) -> None:
    desk.score('sample-1', 0.8, kind=SourceKind.SAMPLE)
    desk.records.add_note(desk.alice, 'sample-1', 'mine')
    hub = LiveHub(
        desk.database, Dashboard(bands=RiskBands()), Alerts(desk.database), clock=desk.clock, refresh_seconds=5
    )
    workspace = Workspace(desk.database, desk.ingest, hub, bands=RiskBands(), rng=random.Random(1))
    await workspace.remove_sample(desk.alice)
    assert desk.detail_or_none('sample-1') is None
    assert desk.kept() == 1


def test_deleting_a_customer_deletes_what_was_written_about_it_and_nothing_else(desk: Desk) -> None:
    desk.score('c2', 0.4)
    for customer in ('c1', 'c2'):
        desk.records.add_note(desk.alice, customer, 'x')
        desk.records.change(desk.alice, customer, RecordChange(owner='Maria'))
    desk.records.add_note(desk.bob, 'c1', 'x')
    assert remove_customer(desk.database, desk.alice, 'c1', bands=RiskBands()) == 1
    assert (desk.kept(), desk.kept(CustomerRecord)) == (2, 1)
    desk.score('c1', 0.5)
    assert desk.detail()['notes'] == []


def test_a_customer_of_whom_only_notes_are_left_can_still_be_deleted(desk: Desk) -> None:
    source = desk.score('c9', 0.8)
    desk.records.add_note(desk.alice, 'c9', 'about a person who wants to be forgotten')
    Sources(desk.database, bands=RiskBands()).remove(desk.alice, source)
    assert remove_customer(desk.database, desk.alice, 'c9', bands=RiskBands()) == 0
    assert desk.kept() == 0
    with pytest.raises(NotFound):
        remove_customer(desk.database, desk.alice, 'c9', bands=RiskBands())


def test_everything_goes_with_the_account(desk: Desk) -> None:
    desk.records.add_note(desk.alice, 'c1', 'x')
    desk.snooze(NEXT_WEEK)
    with desk.database.writing() as session:
        session.execute(text('DELETE FROM prediction WHERE user_id = :user'), {'user': desk.alice})
        session.execute(text('DELETE FROM "user" WHERE id = :user'), {'user': desk.alice})
    assert (desk.kept(), desk.kept(CustomerRecord)) == (0, 0)


# --- who learns of it


def test_each_change_raises_the_revision_and_says_that_no_prediction_changed(desk: Desk) -> None:
    revision, rewritten = desk.revision()
    note = desk.records.add_note(desk.alice, 'c1', 'x')
    desk.records.edit_note(desk.alice, note.id, 'y')
    desk.records.change(desk.alice, 'c1', RecordChange(owner='Maria'))
    desk.records.delete_note(desk.alice, note.id)
    assert desk.revision() == (revision + 4, rewritten)


def test_something_can_be_written_while_a_long_file_is_taken_in(desk: Desk) -> None:
    with desk.database.writing() as session:
        session.execute(
            text('UPDATE user_revision SET loading = 5, loading_seen = 0 WHERE user_id = :user'), {'user': desk.alice}
        )
    desk.records.add_note(desk.alice, 'c1', 'meanwhile')
    assert desk.kept() == 1


async def test_whoever_watches_the_user_is_told_at_once(desk: Desk) -> None:
    hub = LiveHub(
        desk.database, Dashboard(bands=RiskBands()), Alerts(desk.database), clock=desk.clock, refresh_seconds=5
    )
    told = asyncio.Event()

    async def on_change() -> None:
        told.set()

    watch = hub.watch(desk.alice, on_change=on_change)
    await hub.check_user(desk.alice)
    before = (await hub.snapshot(desk.alice, DashboardQuery())).contents
    await desk.database.run(lambda: desk.records.add_note(desk.alice, 'c1', 'x'), writes=True)
    await hub.notice(desk.alice)
    await asyncio.wait_for(told.wait(), 30)
    after = (await hub.snapshot(desk.alice, DashboardQuery())).contents
    assert after.etag == before.etag, 'the numbers are the same'
    assert after.numbers.recent is before.numbers.recent, 'and the newest predictions were not read again'
    watch.close()
    hub.close()
