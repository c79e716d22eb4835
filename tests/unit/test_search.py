"""A filter gives the same numbers whichever way it is answered, and goes the way on which there is least to do."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Select, make_url, select, text
from sqlmodel import Session, col

from services import migrations, users
from services.clock import rfc3339, to_micros
from services.dashboard import Dashboard, Numbers
from services.database import Database
from services.matching import match, newest
from services.models import Prediction, SourceKind
from services.plan import Route
from services.planner import LEADING
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.recent import prediction_rows
from services.schemas import Charts
from services.score_ranges import score_ranges
from services.scores import RiskBands
from services.selection import Selection
from tests.oracle import Oracle, Row, rows_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CUSTOMERS = 60
INDEXES = {
    Route.CUSTOMERS: 'ix_prediction_customer',
    Route.SCORES: 'ix_prediction_score',
    Route.SOURCES: 'ix_prediction_source',
    Route.DAYS: 'ix_prediction_time',
}


def predictions(*, source: int) -> list[PredictionRow]:
    """Of every customer (of the small source: of a few) on another day; a tenth is called Ärger."""
    return [
        PredictionRow(
            1,
            f'C{number:03}' if number % 7 else f'c_{number}%',
            (number * 16_807 * (source + 1)) % 1_000_001,
            to_micros(NOW - timedelta(days=(number * 13 + source * 5) % 40, minutes=number)),
            customer_name='Ärger & Söhne' if number % 10 == 3 else f'Firma {number:03}',
            account_value=number * 10_300_001 if number % 3 == source % 3 else None,
        )
        for number in range(4 if source == 3 else CUSTOMERS)
    ]


class Board:
    """A user with three files of predictions, and what the oracle makes of them."""

    def __init__(self, database: Database, *, at_once: int = 100_000) -> None:
        self.database = database
        self.dashboard = Dashboard(bands=RiskBands(), at_once=at_once)
        self.rows: list[Row] = []
        with database.writing() as session:
            user = users.add(session, 'alice@example.com', password_hash='x')
            users.add(session, 'bob@example.com', password_hash='x')
        assert user.id
        self.user_id = user.id
        for number, name in enumerate(('first.csv', 'second.csv', 'small.csv'), start=1):
            rows = predictions(source=number)
            Ingest(database, clock=lambda: NOW).take(user.id, rows, kind=SourceKind.FILE, name=name)
            self.rows += rows_of(rows, source=name, first=len(self.rows) + 1)

    def selection(self, query: dict[str, Any]) -> Selection:
        return self.dashboard.selection(self.user_id, DashboardQuery.parse(query), zone='UTC', now=NOW)

    def planned(self, session: Session, query: dict[str, Any]) -> Selection:
        return self.dashboard.planned(session, self.selection(query))


@pytest.fixture(scope='module')
def sqlite_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """For reading: the tests share it."""
    database = Database.open(f'sqlite:///{tmp_path_factory.mktemp("search")}/board.sqlite3')
    migrations.upgrade(database)
    yield Board(database)
    database.close()


@pytest.fixture(scope='module')
def postgresql_board(postgresql: str, migrated: str) -> Iterator[Board]:
    name = f'search_{uuid.uuid4().hex}'
    run(postgresql.format('postgres'), f'CREATE DATABASE {name} TEMPLATE {migrated}')
    database = Database.open(postgresql.format(name))
    yield Board(database)
    database.close()


@pytest.fixture(params=['sqlite_board', 'postgresql_board'])
def board(request: pytest.FixtureRequest) -> Board:
    board: Board = request.getfixturevalue(request.param)
    return board


def run(url: str, *statements: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def assert_equal_to_oracle(numbers: Numbers, charts: Charts, oracle: Oracle) -> None:
    rows = {row.arrival: row for row in oracle.rows}
    assert asdict(numbers.metrics) == oracle.metrics()
    assert asdict(numbers.trends) == oracle.trends()
    assert [int(item.id) for item in numbers.recent_activity] == oracle.recent()
    assert [item.customer_name for item in numbers.recent_activity] == [
        oracle.name(rows[arrival].customer) for arrival in oracle.recent()
    ]
    assert [scores.count for scores in charts.histogram] == oracle.histogram()
    assert charts.customers == oracle.customers()
    assert [(day.day, day.high, day.medium, day.low) for day in charts.risk_over_time] == oracle.risk_over_time()
    assert [asdict(day) for day in charts.days] == oracle.days()
    assert [(item.customer_id, item.timestamp) for item in charts.at_risk] == [
        (rows[arrival].customer, rfc3339(rows[arrival].at)) for arrival in oracle.at_risk()
    ]
    changes = [oracle.change(rows[arrival].customer) for arrival in oracle.at_risk()]
    assert [item.change_7d for item in charts.at_risk] == [each if each is None else each / 1e6 for each in changes]


QUERIES: list[dict[str, Any]] = [
    {'q': 'ärger'},
    {'q': 'C00'},
    {'q': '%'},
    {'q': '_'},
    {'q': 'nobody'},
    {'q': 'c', 'min_score': '0.5'},
    {'min_score': '0.9'},
    {'min_score': '0.35', 'max_score': '0.45', 'risk': 'low'},
    {'risk': 'low,high'},
    {'risk': 'low,medium', 'range': '7d'},
    {'risk': 'medium', 'min_score': '0.71'},
    {'source': 'small.csv'},
    {'source': 'second.csv', 'q': 'firma', 'range': '30d', 'risk': 'high'},
    {'source': 'nowhere.csv'},
    {'risk': 'high', 'to': '2026-11-10'},
    {'q': 'ärger', 'from': '2026-11-01', 'source': 'first.csv', 'max_score': '0.8'},
]


@pytest.mark.parametrize('query', QUERIES, ids=str)
def test_every_way_to_answer_a_filter_gives_the_numbers_of_a_plain_recomputation(
    board: Board, query: dict[str, Any]
) -> None:
    oracle = Oracle(board.rows, now=NOW, query=query)
    with board.database.reading() as session:
        planned = board.planned(session, query)
        assert planned.plan
        for route in (*LEADING, Route.ALL):
            for by_arrival in (True, False):
                chosen = replace(planned, plan=replace(planned.plan, route=route, by_arrival=by_arrival))
                if route is Route.ALL or chosen.leading() is not None:
                    found = board.dashboard.board(session, chosen)
                    assert_equal_to_oracle(found.numbers, found.charts, oracle)


def test_what_one_text_means_is_forgotten_before_the_next(board: Board) -> None:
    with board.database.reading() as session:
        for query in ({'q': 'ärger'}, {'q': 'firma 00'}, {'q': 'ärger'}):
            numbers = board.dashboard.numbers(session, board.selection(query))
            assert asdict(numbers.metrics) == Oracle(board.rows, now=NOW, query=query).metrics()


def test_of_more_than_20_at_the_same_time_the_last_to_arrive_are_the_newest(database: Database) -> None:
    board = Board(database)
    rows = [PredictionRow(1, f'C{number:03}', 900_000, to_micros(NOW)) for number in range(25)]
    Ingest(database, clock=lambda: NOW).take(board.user_id, rows, kind=SourceKind.FILE, name='same.csv')
    with database.reading() as session:
        recent = board.dashboard.numbers(session, board.selection({'source': 'same.csv'})).recent_activity
    assert [item.customer_id for item in recent] == [f'C{number:03}' for number in range(24, 4, -1)]


@pytest.mark.parametrize('query', [{}, {'range': '7d'}, {'q': 'ärger'}, {'risk': 'high'}], ids=str)
def test_a_whole_board_is_its_numbers_and_its_charts(board: Board, query: dict[str, Any]) -> None:
    selection = board.selection(query)
    with board.database.reading() as session:
        whole = board.dashboard.board(session, selection)
        assert whole.numbers == board.dashboard.numbers(session, selection)
        assert whole.charts == board.dashboard.charts(session, selection)


@pytest.mark.parametrize(
    ('query', 'route'),
    [
        ({}, Route.ROLLUPS),
        ({'range': '30d'}, Route.ROLLUPS),
        ({'q': 'ärger'}, Route.CUSTOMERS),
        ({'q': 'ärger', 'risk': 'high'}, Route.CUSTOMERS),
        ({'q': 'nobody', 'min_score': '0.99'}, Route.CUSTOMERS),
        ({'q': 'firma'}, Route.ALL),
        ({'min_score': '0.95'}, Route.SCORES),
        ({'min_score': '0.95', 'q': 'firma'}, Route.SCORES),
        ({'risk': 'low'}, Route.ALL),
        ({'risk': 'low,high', 'min_score': '0.39', 'max_score': '0.71'}, Route.ALL),
        ({'source': 'small.csv'}, Route.SOURCES),
        ({'source': 'nowhere.csv', 'risk': 'high'}, Route.SOURCES),
        ({'source': 'first.csv'}, Route.ALL),
        ({'risk': 'low', 'range': '7d'}, Route.DAYS),
        ({'risk': 'low', 'range': '90d'}, Route.ALL),
    ],
    ids=str,
)
def test_what_leaves_the_fewest_predictions_leads_to_them(board: Board, query: dict[str, Any], route: Route) -> None:
    with board.database.reading() as session:
        plan = board.planned(session, query).plan
    assert plan and (plan.route, plan.takes_long) == (route, False)


def test_only_what_goes_through_more_than_may_be_gone_through_at_once_takes_long(database: Database) -> None:
    board = Board(database, at_once=2 * CUSTOMERS)
    with database.reading() as session:
        plans = {
            name: board.planned(session, query).plan
            for name, query in {
                'all': {},
                'days': {'range': '7d'},
                'high': {'risk': 'high'},
                'low': {'risk': 'low,high'},
                'one name': {'q': 'ärger'},
                'every name': {'q': 'c'},
                'one file': {'source': 'first.csv'},
            }.items()
        }
    assert {name for name, plan in plans.items() if plan and plan.takes_long} == {'low', 'every name'}
    everything = len(board.rows)
    assert {plan.rows for plan in plans.values() if plan and plan.takes_long} == {everything}
    one_file = plans['one file']
    assert one_file and (one_file.route, one_file.rows) == (Route.SOURCES, CUSTOMERS), 'all would take long'


def test_a_board_whose_rollups_are_not_built_takes_long_too(database: Database) -> None:
    board = Board(database, at_once=50)
    with database.writing() as session:
        session.execute(text('UPDATE user_revision SET rollup_zone = NULL'))
        session.execute(text('DELETE FROM rollup_day'))
    with database.reading() as session:
        plan = board.planned(session, {}).plan
    assert plan and (plan.route, plan.takes_long, plan.rows) == (Route.ALL, True, len(board.rows))


def explained(session: Session, statement: Select[Any]) -> list[str]:
    """The steps that the database plans for a statement."""
    dialect = session.get_bind().dialect
    sql = str(statement.compile(dialect=dialect, compile_kwargs={'literal_binds': True}))
    cursor = session.connection().connection.cursor()
    if dialect.name == 'sqlite':
        cursor.execute(f'EXPLAIN QUERY PLAN {sql}')
    else:
        cursor.execute('EXPLAIN ' + sql.replace('%%', '%'))
    return [str(row[-1]) for row in cursor.fetchall()]


def ways_to_predictions(session: Session, statement: Select[Any]) -> list[str]:
    return [step for step in explained(session, statement) if ' prediction ' in step]


@pytest.mark.parametrize(
    ('query', 'route'),
    [
        ({'q': 'ärger'}, Route.CUSTOMERS),
        ({'q': 'ärger', 'risk': 'high', 'range': '30d', 'source': 'first.csv'}, Route.CUSTOMERS),
        ({'min_score': '0.95'}, Route.SCORES),
        ({'min_score': '0.95', 'range': '30d', 'q': 'firma'}, Route.SCORES),
        ({'source': 'small.csv'}, Route.SOURCES),
        ({'source': 'small.csv', 'risk': 'high', 'q': 'firma'}, Route.SOURCES),
        ({'risk': 'low', 'range': '7d'}, Route.DAYS),
        ({'risk': 'low', 'range': '7d', 'q': 'firma', 'source': 'first.csv'}, Route.DAYS),
    ],
    ids=str,
)
def test_sqlite_goes_the_way_of_the_plan(sqlite_board: Board, query: dict[str, Any], route: Route) -> None:
    """It has no statistics: left to itself it goes through all predictions in the order of their customers."""
    with sqlite_board.database.reading() as session:
        planned = sqlite_board.planned(session, query)
        assert planned.plan and planned.plan.route is route
        ways = ways_to_predictions(session, select(planned.chained()))
    by_arrival = 'SEARCH prediction USING PRIMARY KEY (user_id=? AND arrival=?)'
    assert [way for way in ways if way != by_arrival] == [way for way in ways if INDEXES[route] in way] != []
    assert (by_arrival in ways) == (route in (Route.SOURCES, Route.DAYS))


def test_what_goes_through_all_goes_customer_by_customer_and_sorts_nothing(sqlite_board: Board) -> None:
    with sqlite_board.database.reading() as session:
        steps = explained(session, select(sqlite_board.planned(session, {'risk': 'low,high'}).chained()))
    assert 'SEARCH prediction USING COVERING INDEX ix_prediction_customer (user_id=?)' in steps
    assert not [step for step in steps if 'ORDER BY' in step]


def test_without_a_plan_pages_come_in_the_order_of_time_and_sort_nothing(sqlite_board: Board) -> None:
    """As an export reads them: sorting the rest of the predictions for each page would take for ever."""
    in_time = (col(Prediction.predicted_at).desc(), col(Prediction.arrival).desc())
    for query in ({'risk': 'low'}, {'min_score': '0.2'}, {'q': 'c'}, {'source': 'first.csv'}, {'range': '30d'}):
        conditions = sqlite_board.selection(query).conditions()
        with sqlite_board.database.reading() as session:
            steps = explained(session, prediction_rows().where(*conditions).order_by(*in_time).limit(2_000))
        assert not [step for step in steps if 'ORDER BY' in step], query


def test_the_newest_of_few_are_looked_up_and_not_looked_for_among_all(sqlite_board: Board) -> None:
    """SQLite would rather go through all predictions in the order of time than sort 20."""
    statements: list[str] = []
    with sqlite_board.database.reading() as session:
        ready = match(session, sqlite_board.planned(session, {'q': 'ärger'}))
        connection: Any = session.connection().connection.driver_connection
        connection.set_trace_callback(statements.append)
        assert newest(session, ready)
        connection.set_trace_callback(None)
        steps = connection.execute(f'EXPLAIN QUERY PLAN {statements[-1]}').fetchall()
    assert [step[-1] for step in steps if ' prediction ' in step[-1]] == [
        'SEARCH prediction USING PRIMARY KEY (user_id=? AND arrival=?)'
    ]


@pytest.mark.parametrize(
    ('query', 'ranges'),
    [
        ({}, ((0, 1_000_000),)),
        ({'risk': 'low,medium,high'}, ((0, 1_000_000),)),
        ({'risk': 'low'}, ((0, 399_999),)),
        ({'risk': 'medium,high'}, ((400_000, 1_000_000),)),
        ({'risk': 'low,high'}, ((0, 399_999), (700_000, 1_000_000))),
        ({'risk': 'low,high', 'min_score': '0.4'}, ((700_000, 1_000_000),)),
        ({'risk': 'low,high', 'min_score': '0.3', 'max_score': '0.7'}, ((300_000, 399_999), (700_000, 700_000))),
        ({'risk': 'medium', 'min_score': '0.7'}, ()),
        ({'min_score': '1'}, ((1_000_000, 1_000_000),)),
        ({'max_score': '0'}, ((0, 0),)),
        ({'min_score': '0.0000001', 'max_score': '0.0000002'}, ()),
    ],
    ids=str,
)
def test_scores_are_as_few_ranges_as_there_can_be(query: dict[str, Any], ranges: tuple[tuple[int, int], ...]) -> None:
    assert score_ranges(DashboardQuery.parse(query), RiskBands()) == ranges


# --- the trigrams of PostgreSQL ------------------------------------------------------------------------------------


@pytest.fixture
def without_extensions(postgresql_url: str) -> Iterator[Database]:
    """A database whose role may create tables, but no extension."""
    url = make_url(postgresql_url)
    role = f'plain_{url.database}'
    run(postgresql_url, f"CREATE ROLE {role} LOGIN PASSWORD 'x'", f'GRANT ALL ON SCHEMA public TO {role}')
    database = Database.open(url.set(username=role, password='x').render_as_string(hide_password=False))
    yield database
    database.close()
    run(postgresql_url, f'DROP OWNED BY {role}', f'DROP ROLE {role}')


def indexes(database: Database) -> set[str]:
    with database.reading() as session:
        found = session.execute(text("SELECT indexname FROM pg_indexes WHERE tablename = 'customer'"))
        return set(found.scalars())


MANY_CUSTOMERS = """
    INSERT INTO customer (user_id, customer_id, folded_id, folded_name)
    SELECT :user, 'x' || n, 'x' || n, 'firma ' || n FROM generate_series(1, 10000) AS n
"""


def test_names_are_found_by_their_trigrams_where_there_is_the_extension(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    migrations.upgrade(database)
    board = Board(database)
    with database.writing() as session:
        session.execute(text(MANY_CUSTOMERS), {'user': board.user_id})
        session.execute(text("SELECT gin_clean_pending_list('ix_customer_text')"))  # as a vacuum does
        session.execute(text('ANALYZE customer'))
    with database.reading() as session:
        session.execute(text('SET LOCAL enable_seqscan = off'))  # the table is still small
        for query in ('ärger', 'c_14%', 'x77'):
            assert 'ix_customer_text' in ' '.join(explained(session, board.selection({'q': query}).named())), query
    database.close()


def test_without_the_right_to_create_the_extension_everything_works(
    without_extensions: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        migrations.upgrade(without_extensions)
    assert 'pg_trgm' in caplog.text
    assert 'ix_customer_text' not in indexes(without_extensions)
    board = Board(without_extensions)
    for query in QUERIES:
        selection = board.selection(query)
        with without_extensions.reading() as session:
            found = board.dashboard.board(session, selection)
        assert_equal_to_oracle(found.numbers, found.charts, Oracle(board.rows, now=NOW, query=query))
