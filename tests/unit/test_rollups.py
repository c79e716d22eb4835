"""After any sequence of changes the rollups are what a plain recomputation says, and answer as plain SQL does."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import Session

from services import migrations
from services.aggregates import aggregate
from services.alert_facts import alert_facts
from services.calendar import day_of, time_zone
from services.charts import charts
from services.clock import to_micros
from services.database import Database
from services.models import SourceKind, User, UserRevision
from services.planner import rollups_answer
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.rollup_charts import rollup_charts
from services.rollup_reads import aggregate_rollups
from services.rollup_rebuild import first_difference, rebuild
from services.scores import RiskBands
from services.selection import Selection
from services.workspace import _remove

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


rows = st.builds(
    PredictionRow,
    line=st.just(1),
    customer_id=st.sampled_from('abcde'),
    score=st.sampled_from(EDGES) | st.integers(0, 1_000_000),
    predicted_at=st.integers(-9 * 48, 6).map(lambda half_hours: to_micros(NOW + timedelta(minutes=30 * half_hours))),
    external_id=st.none() | st.sampled_from('xyz'),
)


class Changes(RuleBasedStateMachine):
    """Files, late and corrected rows, removals and rebuilds in another zone, in any order."""

    database: Database

    @initialize(zone=st.sampled_from(ZONES))
    def start(self, zone: str) -> None:
        self.zone = zone
        self.user_id = new_user(self.database, zone)
        self.other = new_user(self.database)
        self.ingest = Ingest(self.database, clock=lambda: NOW)
        self.take([PredictionRow(1, 'a', 500_000, to_micros(NOW))], SourceKind.FILE)

    @rule(file=st.lists(rows, min_size=1, max_size=12))
    def take_a_file(self, file: list[PredictionRow]) -> None:
        self.take(file, SourceKind.FILE)

    @rule(sample=st.lists(rows, min_size=1, max_size=12))
    def take_a_sample(self, sample: list[PredictionRow]) -> None:
        self.take(sample, SourceKind.SAMPLE)

    @rule()
    def remove_the_sample(self) -> None:
        with self.database.writing() as session:
            _remove(session, self.user_id, BANDS)

    @rule(zone=st.sampled_from(ZONES))
    def rebuild_for_another_zone(self, zone: str) -> None:
        self.zone = zone
        with self.database.writing() as session:
            session.execute(User.__table__.update().where(User.id == self.user_id).values(time_zone=zone))
            rebuild(session, self.user_id, zone=zone, bands=BANDS)

    @invariant()
    def they_are_exact(self) -> None:
        with self.database.reading() as session:
            assert_exact(session, self.user_id, self.zone)

    def take(self, file: list[PredictionRow], kind: SourceKind) -> None:
        self.ingest.take(self.user_id, file, kind=kind, name=f'f{next(numbers)}')
        self.ingest.take(self.other, file[:1], kind=kind, name='other')


@pytest.mark.parametrize('examples', [3, pytest.param(100, marks=pytest.mark.long)])
def test_whatever_happens_they_are_what_a_recomputation_says(database: Database, examples: int) -> None:
    machine = type('OnThisDatabase', (Changes,), {'database': database})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=12, deadline=None, derandomize=True)
    )


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
