"""After any sequence of changes the rollups are what a plain recomputation says, and answer as plain SQL does."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import Session

from services import generations, migrations, rollups
from services.aggregates import aggregate
from services.alert_facts import alert_facts
from services.calendar import day_of, time_zone
from services.charts import charts
from services.clock import to_micros
from services.customer_removal import remove_customer
from services.database import Database
from services.many_users import dialect_of, for_driver, users_parameter
from services.models import SourceKind, User, UserRevision
from services.plan import Plan, Route
from services.planner import rollups_answer
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.revenue_at_risk import revenue_at_risk
from services.rollup_charts import rollup_charts
from services.rollup_charts_many import ChartRows, chart_lists, charts_by_user
from services.rollup_check import first_difference
from services.rollup_reads import aggregate_rollups
from services.rollup_rebuild import rebuild
from services.rollup_state import Built, state_of
from services.row_lists import listed, listing
from services.scores import RiskBands
from services.selection import Selection
from services.sources import Sources
from tests.statements import Statements

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
BANDS = RiskBands()
ZONES = ('UTC', 'America/Los_Angeles', 'Asia/Kathmandu')  # the clocks of Los Angeles change in these days
QUERIES = (
    {},
    {'range': '7d'},
    {'range': 'today'},
    {'from': '2026-10-28'},
    {'to': '2026-10-30'},
    {'from': '2026-10-26', 'to': '2026-11-01'},
    {'from': '2026-12-01'},
)
EDGES = (0, 399_999, 400_000, 699_999, 700_000, 999_999, 1_000_000)
ROWS = text(
    'SELECT arrival, customer_id, predicted_at, score, external_id FROM prediction '
    'WHERE user_id = :user ORDER BY arrival'
)
CUSTOMERS = text('SELECT * FROM customer WHERE user_id = :user')
numbers = itertools.count(1)


def new_user(database: Database, zone: str = 'UTC') -> int:
    with database.writing() as session:
        user = User(email=f'u{next(numbers)}@example.com', password_hash='', created_at=0, time_zone=zone)
        session.add(user)
        session.flush()
        assert user.id
        session.add(UserRevision(user_id=user.id))
        return user.id


def selection(user_id: int, query: dict[str, object], zone: str) -> Selection:
    place = time_zone(zone)
    return Selection(
        user_id=user_id, query=DashboardQuery.parse(query), zone=place, today=day_of(NOW, place), bands=BANDS
    )


def assert_exact(session: Session, user_id: int, zone: str) -> None:
    """Row by row what they should be, and the same answers as plain SQL."""
    assert first_difference(session, user_id, zone=zone, bands=BANDS) is None
    for query in QUERIES:
        asked = selection(user_id, query, zone)
        assert rollups_answer(session, asked)
        assert aggregate_rollups(session, asked) == aggregate(session, asked)
        assert rollup_charts(session, asked) == charts(session, asked)
    everything = selection(user_id, {}, zone)
    dialect = dialect_of(session)
    statement = for_driver(listing(chart_lists(everything.today, BANDS, dialect, anew=False), dialect), dialect)
    rows = session.connection().exec_driver_sql(statement, users_parameter([user_id], dialect)).all()
    shared = charts_by_user([user_id], ChartRows(*listed(rows)), everything.today, BANDS)[user_id].charts
    by_sql = replace(everything, plan=Plan(route=Route.ALL))
    revenue = revenue_at_risk(session, by_sql)
    assert shared == charts(session, everything).model_copy(update={'revenue': revenue})


rows = st.builds(
    PredictionRow,
    line=st.just(1),
    customer_id=st.sampled_from('abcde'),
    score=st.sampled_from(EDGES) | st.integers(0, 1_000_000),
    predicted_at=st.integers(-9 * 48, 6).map(lambda half_hours: to_micros(NOW + timedelta(minutes=30 * half_hours))),
    external_id=st.none() | st.sampled_from('xyz'),
    customer_name=st.none() | st.sampled_from(('Ann', 'Zoë')),
    account_value=st.none() | st.integers(0, 3),
    reasons=st.none(),
    status=st.just('completed'),
)
files = st.lists(rows, min_size=1, max_size=12)


class Changes(RuleBasedStateMachine):
    """Files, late and corrected rows, removals and rebuilds in another zone, in any order."""

    database: Database

    @initialize(zone=st.sampled_from(ZONES))
    def start(self, zone: str) -> None:
        self.user_id = new_user(self.database, zone)
        self.other = new_user(self.database)
        self.said = Statements()
        self.sources: list[int] = []
        self.take([PredictionRow(1, 'a', 500_000, to_micros(NOW))], SourceKind.FILE, 'one', few=0)

    @rule(file=files, name=st.sampled_from(('one', 'two')), few=st.sampled_from((0, 100)))
    def take_a_file(self, file: list[PredictionRow], name: str, few: int) -> None:
        self.take(file, SourceKind.FILE, name, few=few)

    @rule(file=files)
    def take_calls(self, file: list[PredictionRow]) -> None:
        self.take(file, SourceKind.API, '', few=100)

    @rule(choice=st.integers(0, 20))
    def undo_a_source(self, choice: int) -> None:
        if self.sources:
            source = self.sources.pop(choice % len(self.sources))
            Sources(self.database, bands=BANDS).remove(self.user_id, source)
            self.said.undo(source)

    @rule(customer=st.sampled_from('abcde'))
    def delete_a_customer(self, customer: str) -> None:
        if any(row[1] == customer for row in self.said.rows()):
            remove_customer(self.database, self.user_id, customer, bands=BANDS)
            self.said.remove_customer(customer)

    @rule(file=files, name=st.sampled_from(('one', 'two')))
    def take_a_long_file(self, file: list[PredictionRow], name: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rollups, 'NOTED', 0)
            self.take(file, SourceKind.FILE, name, few=0, long=0)

    @rule(zone=st.sampled_from(ZONES))
    def move_to_another_zone(self, zone: str) -> None:
        with self.database.writing() as session:
            session.execute(User.__table__.update().where(User.id == self.user_id).values(time_zone=zone))

    @rule(customers=st.sampled_from((1, 2)))
    def build_some_more_for_the_new_zone(self, customers: int) -> None:
        with self.database.reading() as session:
            zone = dict(generations.wanting(session, BANDS)).get(self.user_id)
        if zone:
            with self.database.writing() as session:
                generations.add_piece(session, self.user_id, Built(zone=zone, bands=BANDS), customers=customers)

    @rule()
    def sweep(self) -> None:
        with self.database.writing() as session:
            generations.sweep(session, self.user_id)

    @rule()
    def rebuild_everything(self) -> None:
        with self.database.writing() as session:
            zone = session.get_one(User, self.user_id).time_zone
            rebuild(session, self.user_id, zone=zone, bands=BANDS)

    @invariant()
    def they_are_exact(self) -> None:
        with self.database.reading() as session:
            built = state_of(session, self.user_id)
            assert built
            assert_exact(session, self.user_id, built.zone)

    @invariant()
    def what_is_there_is_what_the_sources_say(self) -> None:
        with self.database.reading() as session:
            found = session.execute(ROWS, {'user': self.user_id})
            assert [tuple(row) for row in found] == self.said.rows()
            known = session.execute(CUSTOMERS, {'user': self.user_id}).all()
        assert {row.customer_id for row in known} == {row[1] for row in self.said.rows()}
        for name, column in (('customer_name', 'name'), ('account_value', 'account_value')):
            stated = {row.customer_id: getattr(row, column) for row in known if getattr(row, column) is not None}
            assert stated == self.said.known(name)
        for row in known:
            assert (row.folded_id, row.folded_name) == (row.customer_id.casefold(), row.name and row.name.casefold())

    def take(self, file: list[PredictionRow], kind: SourceKind, name: str, *, few: int, long: int = 100) -> None:
        ingest = Ingest(self.database, clock=lambda: NOW, few=few, long=long)
        source = ingest.take(self.user_id, file, kind=kind, name=name).source_id
        assert source
        if source not in self.sources:
            self.sources.append(source)
        self.said.take(source, name, file, now=to_micros(NOW))
        ingest.take(self.other, file[:1], kind=kind, name='other')


@pytest.mark.parametrize('examples', [3, pytest.param(100, marks=pytest.mark.long)])
def test_whatever_happens_they_are_what_a_recomputation_says(database: Database, examples: int) -> None:
    machine = type('OnThisDatabase', (Changes,), {'database': database})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=12, deadline=None, derandomize=True, phases=[Phase.generate]
        ),
    )


@pytest.mark.parametrize('days_ago', [(120, 91, 90, 89, 40, 0), (120,), (90,), (89,), (88, 88), (0,)])
def test_the_days_of_charts_begin_with_the_data_or_90_days_back(database: Database, days_ago: tuple[int, ...]) -> None:
    user_id = new_user(database)
    file = [
        PredictionRow(1, f'c{number % 3}', 100_000 + number, to_micros(NOW - timedelta(days=ago, hours=number)))
        for number, ago in enumerate(days_ago)
    ]
    file.append(PredictionRow(1, 'ahead', 900_000, to_micros(NOW + timedelta(minutes=4))))
    Ingest(database, clock=lambda: NOW).take(user_id, file, kind=SourceKind.FILE, name='f')
    with database.reading() as session:
        assert_exact(session, user_id, 'UTC')
        shown = charts(session, selection(user_id, {}, 'UTC'))
    assert len(shown.days) == len(shown.risk_over_time) == min(90, days_ago[0] + 1)
    assert shown.days[-1].predictions == 1 + days_ago.count(0)


def test_alert_facts_are_the_same_from_rollups_and_from_sql(database: Database) -> None:
    user_id = new_user(database)
    rng = random.Random(3)
    file = [
        PredictionRow(1, f'c{rng.randrange(20)}', rng.randrange(1_000_001), to_micros(NOW - timedelta(hours=hours)))
        for hours in range(0, 24 * 12, 1)
    ]
    Ingest(database, clock=lambda: NOW).take(user_id, file, kind=SourceKind.FILE, name='f')
    asked = selection(user_id, {}, 'UTC')
    with database.writing() as session:
        from_rollups = alert_facts(session, asked, NOW)
        session.execute(UserRevision.__table__.update().values(rollup_zone=None))
        assert not rollups_answer(session, asked)
        assert alert_facts(session, asked, NOW) == from_rollups
    assert sum(from_rollups.newly_high) > 0


def test_a_day_that_the_clock_begins_twice_is_one_day_however_it_is_counted(database: Database) -> None:
    """Newfoundland went from 00:01 of the 7th back to 23:01 of the 6th at 02:31 UTC."""
    zone = 'America/St_Johns'
    user_id = new_user(database, zone)
    first = datetime(2010, 11, 7, 2, 15, tzinfo=UTC)
    ingest = Ingest(database, clock=lambda: NOW)
    for minutes in (60, 0, 90, 15, 30, 75):
        row = PredictionRow(1, f'c{minutes % 2}', minutes * 10_000, to_micros(first + timedelta(minutes=minutes)))
        ingest.take(user_id, [row], kind=SourceKind.FILE, name='f')
    with database.writing() as session:
        assert_exact(session, user_id, zone)
        for query in ({'to': '2010-11-06'}, {'from': '2010-11-07', 'to': '2010-11-07'}):
            asked = selection(user_id, query, zone)
            assert aggregate_rollups(session, asked) == aggregate(session, asked)
            assert rollup_charts(session, asked) == charts(session, asked)


@pytest.mark.parametrize(
    'query', [{'risk': 'high'}, {'q': 'a'}, {'source': 'f'}, {'min_score': '0.4'}, {'max_score': '0.4'}]
)
def test_a_filter_is_answered_by_sql(tmp_path: object, query: dict[str, object]) -> None:
    database = Database.open(f'sqlite:///{tmp_path}/x.sqlite3')
    migrations.upgrade(database)
    user_id = new_user(database)
    with database.writing() as session:
        rebuild(session, user_id, zone='UTC', bands=BANDS)
        assert rollups_answer(session, selection(user_id, {}, 'UTC'))
        assert not rollups_answer(session, selection(user_id, query, 'UTC'))
        assert not rollups_answer(session, selection(user_id, {}, 'Asia/Kathmandu')), 'built for other days'
    database.close()
