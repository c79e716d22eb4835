"""The board's numbers equal a plain recomputation, for any rows and any query."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import migrations, users
from services.clock import rfc3339, to_micros
from services.dashboard import Dashboard, Numbers
from services.database import Database
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.schemas import Charts
from services.scores import RiskBands
from tests.oracle import Oracle, Row, rows_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DASHBOARD = Dashboard(bands=RiskBands())
SCORES = [0, 1, 49_999, 50_000, 399_999, 400_000, 400_001, 650_000, 699_999, 700_000, 949_999, 950_000, 10**6]
NAMES = [None, None, 'Ärger & Söhne', 'STRASSE', 'Straße 5 %', 'O_Brien', 'İstanbul']
TEXTS = ['a', 'A', 'ss', 'ß', 'STRASSE', '%', '_', 'i̇', 'Ä', 'zzz']

Given = Mapping[str, list[PredictionRow]]
"""Rows by the file they come in."""


@pytest.fixture(scope='module')
def sqlite() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f'sqlite:///{folder}/board.sqlite3')
        migrations.upgrade(database)
        yield database
        database.close()


_people = itertools.count(1)


def new_user(database: Database) -> int:
    with database.writing() as session:
        user = users.add(session, f'user{next(_people)}@example.com', password_hash='x')
    assert user.id
    return user.id


def take(database: Database, user_id: int, files: Given) -> list[Row]:
    """Take the files in; what they are for the oracle."""
    ingest, rows = Ingest(database, clock=lambda: NOON), list[Row]()
    for name, predictions in files.items():
        taken = ingest.take(user_id, predictions, kind=SourceKind.FILE, name=name)
        assert taken.accepted == len(predictions)
        rows += rows_of(predictions, source=name, first=len(rows) + 1)
    return rows


def answer(
    database: Database, user_id: int, query: Mapping[str, object], *, zone: str, now: datetime
) -> tuple[Numbers, Charts]:
    selection = DASHBOARD.selection(user_id, DashboardQuery.parse(query), zone=zone, now=now)
    with database.reading() as session:
        return DASHBOARD.numbers(session, selection), DASHBOARD.charts(session, selection)


def assert_equal_to_oracle(numbers: Numbers, charts: Charts, oracle: Oracle) -> None:
    rows = {row.arrival: row for row in oracle.rows}
    assert asdict(numbers.metrics) == oracle.metrics()
    assert asdict(numbers.trends) == oracle.trends()
    recent = [(int(item.id), item.customer_id, item.churn_score, item.timestamp) for item in numbers.recent_activity]
    assert recent == [
        (arrival, rows[arrival].customer, rows[arrival].score / 1_000_000, rfc3339(rows[arrival].at))
        for arrival in oracle.recent()
    ]
    assert [item.customer_name for item in numbers.recent_activity] == [
        oracle.name(rows[arrival].customer) for arrival in oracle.recent()
    ]
    assert [item.file_name for item in numbers.recent_activity] == [rows[number].source for number in oracle.recent()]
    assert [item.risk_level.value for item in numbers.recent_activity] == [rows[n].risk for n in oracle.recent()]
    assert [scores.count for scores in charts.histogram] == oracle.histogram()
    assert charts.customers == oracle.customers()
    assert [(day.day, day.high, day.medium, day.low) for day in charts.risk_over_time] == oracle.risk_over_time()
    assert [asdict(day) for day in charts.days] == oracle.days()
    at_risk = [(item.customer_id, item.churn_score, item.timestamp, item.account_value) for item in charts.at_risk]
    assert at_risk == [
        (row.customer, row.score / 1_000_000, rfc3339(row.at), value and value / 1_000_000)
        for row in (rows[arrival] for arrival in oracle.at_risk())
        for value in [oracle.value(row)]
    ]


# --- any rows, any query -------------------------------------------------------------------------------------------


def local(zone: str, year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)


PLACES = [
    ('UTC', local('UTC', 2026, 11, 23, 12)),
    ('Europe/Berlin', local('Europe/Berlin', 2026, 3, 29, 12)),
    ('Europe/Berlin', local('Europe/Berlin', 2026, 10, 25, 3)),
    ('America/Los_Angeles', local('America/Los_Angeles', 2026, 3, 8, 23)),
    ('America/Los_Angeles', local('America/Los_Angeles', 2026, 11, 1, 1)),
    ('Asia/Kathmandu', local('Asia/Kathmandu', 2026, 11, 24)),
    ('Pacific/Apia', local('Pacific/Apia', 2011, 12, 31, 1)),
    ('Asia/Beirut', local('Asia/Beirut', 2026, 3, 29, 5)),
    ('Asia/Beirut', local('Asia/Beirut', 2026, 10, 25, 5)),
    ('America/Havana', local('America/Havana', 2026, 11, 1, 9)),
    ('America/Sao_Paulo', local('America/Sao_Paulo', 2018, 11, 4, 9)),
    ('Africa/Cairo', local('Africa/Cairo', 2026, 4, 24, 9)),
    ('Australia/Lord_Howe', local('Australia/Lord_Howe', 2026, 4, 5, 1)),
]
"""Zones, each with an instant near which something happens to its clock."""


@dataclass(frozen=True, kw_only=True)
class Board:
    zone: str
    now: datetime
    files: dict[str, list[PredictionRow]] = field(default_factory=dict)
    queries: list[dict[str, Any]] = field(default_factory=list)


def instants(zone: str, now: datetime) -> st.SearchStrategy[datetime]:
    """Around the midnights of the days that the definitions look at, and around now."""
    today = now.astimezone(ZoneInfo(zone)).date()
    days = st.sampled_from([0, 0, 1, 5, 6, 7, 8, 12, 13, 14, 15, 28, 29, 30, 31, 45, 88, 89, 90, 91])
    # not a microsecond after now, so that days of tomorrow come from the clock skew that rows are allowed only
    minutes = st.sampled_from([-90, -61, -60, -30, -1, 0, 0, 0, 1, 30, 59, 60, 61, 90, 720])
    micros = st.sampled_from([-1, 0, 0, 1])
    midnights = st.builds(
        lambda ago, minute, micro: (
            datetime.combine(today - timedelta(days=ago), datetime.min.time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
            + timedelta(minutes=minute, microseconds=micro)
        ),
        days,
        minutes,
        micros,
    )
    recent = st.builds(lambda minute: now - timedelta(minutes=minute), st.integers(-5, 3 * 1440))
    return st.one_of(midnights, recent).map(lambda at: min(at, now + timedelta(minutes=5)))


@st.composite
def queries(draw: st.DrawFn, today: date) -> dict[str, Any]:
    query: dict[str, Any] = {}
    dates = draw(st.sampled_from(['none', 'none', 'range', 'days']))
    if dates == 'range':
        query['range'] = draw(st.sampled_from(['today', '7d', '30d', '90d', 'all']))
    if dates == 'days':
        ends = sorted(today - timedelta(days=draw(st.integers(-3, 60))) for _ in range(2))
        query |= {key: day.isoformat() for key, day in zip(('from', 'to'), ends, strict=True) if draw(st.booleans())}
    if draw(st.booleans()):
        query['risk'] = ','.join(draw(st.lists(st.sampled_from(['low', 'medium', 'high']), min_size=1, unique=True)))
    if draw(st.integers(0, 3)) == 0:
        query['q'] = draw(st.sampled_from(TEXTS))
    if draw(st.integers(0, 2)) == 0:
        bounds = sorted(draw(st.lists(st.sampled_from(SCORES), min_size=2, max_size=2)))
        keys = ('min_score', 'max_score')
        query |= {key: f'{bound / 1_000_000:.6f}' for key, bound in zip(keys, bounds, strict=True)}
    if draw(st.integers(0, 3)) == 0:
        query['source'] = draw(st.sampled_from(['first.csv', 'second.csv', 'third.csv']))
    return query


@st.composite
def boards(draw: st.DrawFn) -> Board:
    zone, special = draw(st.sampled_from(PLACES))
    now = special + timedelta(days=draw(st.sampled_from([0, 0, 1, 6, 7, 8, 13])), minutes=draw(st.integers(-120, 120)))
    row = st.builds(
        lambda customer, score, at, name, value: PredictionRow(
            1, customer, score, to_micros(at), customer_name=name, account_value=value
        ),
        st.sampled_from(['A', 'a%b', 'Straße', 'd_4', 'E']),
        st.one_of(st.sampled_from(SCORES), st.integers(0, 10**6)),
        instants(zone, now),
        st.sampled_from(NAMES),
        st.sampled_from([None, None, 10_000, 29_850_000]),
    )
    rows = draw(
        st.lists(row, max_size=40, unique_by=lambda given: (given.customer_id, given.predicted_at, given.score))
    )
    cut = draw(st.integers(0, len(rows)))
    files = {name: part for name, part in (('first.csv', rows[:cut]), ('second.csv', rows[cut:])) if part}
    today = now.astimezone(ZoneInfo(zone)).date()
    return Board(zone=zone, now=now, files=files, queries=[{}, *(draw(queries(today)) for _ in range(3))])


def check(database: Database, *, examples: int) -> None:
    """Each example is a new user's board, so that all can share one database."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(board=boards())
    def equals_the_oracle(board: Board) -> None:
        user_id = new_user(database)
        rows = take(database, user_id, board.files)
        for query in board.queries:
            numbers, charts = answer(database, user_id, query, zone=board.zone, now=board.now)
            assert_equal_to_oracle(numbers, charts, Oracle(rows, now=board.now, zone=board.zone, query=query))

    equals_the_oracle()


@pytest.mark.parametrize('examples', [30, pytest.param(1_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_any_rows_and_query_give_the_numbers_of_a_plain_recomputation_on_sqlite(
    sqlite: Database, examples: int
) -> None:
    check(sqlite, examples=examples)


@pytest.mark.parametrize('examples', [8, pytest.param(200, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_any_rows_and_query_give_the_numbers_of_a_plain_recomputation_on_postgresql(
    postgresql_url: str, examples: int
) -> None:
    database = Database.open(postgresql_url)
    migrations.upgrade(database)
    check(database, examples=examples)
    database.close()


# --- explicit cases ------------------------------------------------------------------------------------------------

Ask = Callable[..., tuple[Numbers, Charts]]


@pytest.fixture
def ask(sqlite: Database) -> Ask:
    """A new user's board of these rows: (customer, score, instant)."""

    def ask(
        *rows: tuple[str, str, str], query: Mapping[str, object] | None = None, zone: str = 'UTC', now: datetime = NOON
    ) -> tuple[Numbers, Charts]:
        user_id = new_user(sqlite)
        given_rows = [prediction(*row) for row in rows]
        if given_rows:
            take(sqlite, user_id, {'scores.csv': given_rows})
        return answer(sqlite, user_id, query or {}, zone=zone, now=now)

    return ask


def prediction(customer: str, score: str, at: str) -> PredictionRow:
    return PredictionRow(1, customer, round(float(score) * 1_000_000), to_micros(datetime.fromisoformat(at)))


def test_without_predictions_every_number_is_zero_and_every_trend_stable(ask: Ask) -> None:
    numbers, charts = ask()
    assert set(asdict(numbers.metrics).values()) == {0}
    assert set(asdict(numbers.trends).values()) == {'stable'}
    assert (numbers.recent_activity, numbers.has_sample) == ((), False)
    assert (charts.at_risk, charts.customers, charts.risk_over_time) == ((), 0, ())
    assert [scores.count for scores in charts.histogram] == [0] * 20


def test_one_prediction_is_the_whole_board(ask: Ask) -> None:
    numbers, charts = ask(('A', '0.7', '2026-11-23T08:00:00Z'))
    assert asdict(numbers.metrics) == {
        'total_predictions': 1,
        'avg_churn_score': 0.7,
        'high_risk_predictions': 1,
        'medium_risk_predictions': 0,
        'low_risk_predictions': 0,
        'engagement_score': 100.0,
        'retention_rate': 30.0,
        'active_users_today': 1,
        'new_predictions_today': 1,
    }
    assert set(asdict(numbers.trends).values()) == {'stable'}
    assert [(day.day.isoformat(), day.high, day.medium, day.low) for day in charts.risk_over_time] == [
        ('2026-11-23', 1, 0, 0)
    ]


@pytest.mark.parametrize(
    ('score', 'risk', 'column'),
    [
        ('0', 'low', 0),
        ('0.399999', 'low', 7),
        ('0.4', 'medium', 8),
        ('0.699999', 'medium', 13),
        ('0.7', 'high', 14),
        ('0.95', 'high', 19),
        ('1', 'high', 19),
    ],
)
def test_a_score_on_an_edge_belongs_above_it(ask: Ask, score: str, risk: str, column: int) -> None:
    numbers, charts = ask(('A', score, '2026-11-23T08:00:00Z'))
    assert getattr(numbers.metrics, f'{risk}_risk_predictions') == 1
    assert [index for index, scores in enumerate(charts.histogram) if scores.count] == [column]
    assert charts.at_risk[0].risk_level == risk


@pytest.mark.parametrize(
    ('zone', 'at', 'today'),
    [
        ('UTC', '2026-11-23T00:00:00Z', 1),
        ('UTC', '2026-11-22T23:59:59.999999Z', 0),
        ('Europe/Berlin', '2026-11-22T23:00:00Z', 1),
        ('Europe/Berlin', '2026-11-22T22:59:59.999999Z', 0),
        ('America/Los_Angeles', '2026-11-23T08:00:00Z', 1),
        ('America/Los_Angeles', '2026-11-23T07:59:59Z', 0),
        ('Asia/Kathmandu', '2026-11-22T18:15:00Z', 1),
        ('Asia/Kathmandu', '2026-11-22T18:14:59Z', 0),
    ],
)
def test_the_users_midnight_begins_today(ask: Ask, zone: str, at: str, today: int) -> None:
    metrics = ask(('A', '0.5', at), zone=zone)[0].metrics
    assert (metrics.new_predictions_today, metrics.active_users_today) == (today, today)
    assert ask(('A', '0.5', at), zone=zone, query={'range': 'today'})[0].metrics.total_predictions == today


def test_a_range_that_ended_before_today_is_looked_at_from_its_last_day(ask: Ask) -> None:
    rows = [('A', '0.2', '2026-10-01T08:00:00Z'), ('A', '0.8', '2026-10-08T08:00:00Z'), ('B', '0.5', NOON.isoformat())]
    numbers, charts = ask(*rows, query={'from': '2026-09-01', 'to': '2026-10-08'})
    assert numbers.metrics.new_predictions_today == numbers.metrics.active_users_today == 0
    assert numbers.metrics.engagement_score == 100.0
    assert asdict(numbers.trends) == {
        'churn_trend': 'increasing',
        'engagement_trend': 'stable',
        'retention_trend': 'decreasing',
    }
    assert charts.risk_over_time[-1].day == date(2026, 10, 8)


@pytest.mark.parametrize('query', [{}, {'risk': 'low,medium,high'}, {'range': '7d'}], ids=['rollups', 'sql', 'range'])
def test_a_day_without_predictions_has_no_mean_and_keeps_the_retention_before_it(
    ask: Ask, query: dict[str, object]
) -> None:
    rows = [
        ('A', '0.9', '2026-11-20T08:00:00Z'),
        ('A', '0.8', '2026-11-20T09:00:00Z'),
        ('B', '0.5', '2026-11-22T08:00:00Z'),
        ('A', '0.2', '2026-11-23T08:00:00Z'),
    ]
    charts = ask(*rows, query=query)[1]
    assert [(day.day.day, day.predictions, day.avg_churn_score, day.retention_rate) for day in charts.days] == [
        (20, 2, 0.85, 20.0),
        (21, 0, None, 20.0),
        (22, 1, 0.5, 35.0),
        (23, 1, 0.2, 65.0),
    ]
    assert [(day.high, day.medium, day.low) for day in charts.days] == [(2, 0, 0), (0, 0, 0), (0, 1, 0), (0, 0, 1)]


def test_of_two_predictions_at_the_same_instant_the_later_arrival_is_the_latest(ask: Ask) -> None:
    at = '2026-11-23T08:00:00Z'
    numbers, charts = ask(('A', '0.9', at), ('A', '0.1', at))
    assert numbers.metrics.retention_rate == 90.0
    assert [item.churn_score for item in numbers.recent_activity] == [0.1, 0.9]
    assert [item.churn_score for item in charts.at_risk] == [0.1]


@pytest.mark.parametrize(
    ('before', 'now', 'trend'),
    [
        ('0.5', '0.51', 'stable'),
        ('0.5', '0.510001', 'increasing'),
        ('0.5', '0.49', 'stable'),
        ('0.5', '0.489999', 'decreasing'),
    ],
)
def test_a_churn_trend_exactly_on_its_band_is_stable(ask: Ask, before: str, now: str, trend: str) -> None:
    numbers, _ = ask(('A', before, '2026-11-16T12:00:00Z'), ('A', now, '2026-11-17T12:00:00Z'))
    opposite = {'stable': 'stable', 'increasing': 'decreasing', 'decreasing': 'increasing'}
    assert (numbers.trends.churn_trend, numbers.trends.retention_trend) == (trend, opposite[trend])


@pytest.mark.parametrize(
    ('before', 'now', 'trend'), [(20, 21, 'stable'), (20, 22, 'increasing'), (20, 19, 'stable'), (20, 18, 'decreasing')]
)
def test_an_engagement_trend_exactly_on_its_band_is_stable(ask: Ask, before: int, now: int, trend: str) -> None:
    rows = [(f'{n}', '0.5', '2026-11-16T12:00:00Z') for n in range(before)]
    rows += [(f'{n}', '0.5', '2026-11-23T11:00:00Z') for n in range(now)]
    rows += [('0', '0.5', '2026-11-23T10:00:00Z')]  # the same customer on the same day counts once
    assert ask(*rows)[0].trends.engagement_trend == trend


def test_what_is_scored_again_at_midnight_still_had_its_earlier_score_on_the_day_before(ask: Ask) -> None:
    before, midnight = ('A', '0.5', '2026-11-16T12:00:00Z'), ('A', '0.6', '2026-11-17T00:00:00Z')
    numbers, charts = ask(before, midnight)
    assert numbers.trends.retention_trend == 'decreasing'
    assert [(day.day.day, day.medium) for day in charts.risk_over_time[:2]] == [(16, 1), (17, 1)]
    assert ask(before, midnight, query={'to': '2026-11-16'})[0].metrics.retention_rate == 50.0


def test_a_sender_whose_clock_is_ahead_may_score_tomorrow_which_is_no_part_of_today(ask: Ask) -> None:
    rows = [('A', '0.5', '2026-11-12T12:00:00Z'), ('A', '0.1', '2026-11-24T00:01:00Z')]
    numbers, charts = ask(*rows, now=datetime(2026, 11, 23, 23, 58, tzinfo=UTC))
    assert (numbers.metrics.retention_rate, numbers.metrics.new_predictions_today) == (90.0, 0)
    assert numbers.trends.retention_trend == 'stable'
    last = charts.risk_over_time[-1]
    assert (last.day, last.medium, last.low) == (date(2026, 11, 23), 1, 0)


@pytest.mark.parametrize(
    ('day', 'score'), [('2026-11-17', 100.0), ('2026-11-16', 50.0), ('2026-10-25', 50.0), ('2026-10-24', 100.0)]
)
def test_engagement_sets_the_last_7_days_against_the_last_30(ask: Ask, day: str, score: float) -> None:
    rows = [('A', '0.5', '2026-11-23T08:00:00Z'), ('B', '0.5', f'{day}T00:00:00Z')]
    assert ask(*rows)[0].metrics.engagement_score == score


@pytest.mark.parametrize(
    ('text', 'found'), [('STRASSE', 1), ('straße', 1), ('e 5%', 1), ('%', 1), ('_', 0), ('e5', 0), ('ss', 1)]
)
def test_text_is_compared_by_case_folding_and_without_wildcards(ask: Ask, text: str, found: int) -> None:
    rows = [('Straße 5%', '0.5', '2026-11-23T08:00:00Z'), ('other', '0.5', '2026-11-23T08:00:00Z')]
    assert ask(*rows, query={'q': text})[0].metrics.total_predictions == found


@pytest.mark.parametrize('query', [{}, {'risk': 'low,high'}], ids=['rollups', 'sql'])
def test_of_more_than_20_customers_with_equal_scores_the_last_to_arrive_are_at_risk(
    ask: Ask, query: dict[str, object]
) -> None:
    rows = [(f'{n}', '0.8', f'2026-11-23T{n % 5:02}:00:00Z') for n in range(25)]
    charts = ask(*rows, ('low', '0.1', '2026-11-23T08:00:00Z'), query=query)[1]
    assert [int(item.customer_id) for item in charts.at_risk] == list(range(24, 4, -1))
    assert charts.customers == 26


def test_a_trend_with_data_on_one_side_only_is_stable(ask: Ask) -> None:
    for at in ('2026-11-23T08:00:00Z', '2026-11-12T08:00:00Z'):
        trends = ask(('A', '0.9', at))[0].trends
        assert (trends.churn_trend, trends.engagement_trend) == ('stable', 'stable')


@pytest.mark.parametrize(
    ('scores', 'mean'),
    [
        (['0.12345'], 0.1234),
        (['0.12355'], 0.1236),
        (['0.1', '0.1001'], 0.1),
        (['0.1001', '0.1002'], 0.1002),
        (['0', '0', '1'], 0.3333),
    ],
)
def test_a_mean_is_rounded_once_half_to_even(ask: Ask, scores: list[str], mean: float) -> None:
    rows = [(f'{n}', score, '2026-11-23T08:00:00Z') for n, score in enumerate(scores)]
    assert ask(*rows)[0].metrics.avg_churn_score == mean


def test_another_users_predictions_are_never_counted(sqlite: Database) -> None:
    alice, bob = new_user(sqlite), new_user(sqlite)
    take(sqlite, alice, {'scores.csv': [prediction('A', '0.9', '2026-11-23T08:00:00Z')]})
    take(sqlite, bob, {'scores.csv': [prediction('A', '0.1', '2026-11-23T09:00:00Z')]})
    numbers, charts = answer(sqlite, alice, {'q': 'a', 'source': 'scores.csv'}, zone='UTC', now=NOON)
    assert (numbers.metrics.total_predictions, numbers.metrics.retention_rate, charts.customers) == (1, 10.0, 1)
    assert [item.user_id for item in numbers.recent_activity] == [str(alice)]
