"""The list of customers is the same whichever way it is answered, and no page goes through all of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from services import migrations
from services.answers import Patience
from services.calendar import day_number
from services.clock import rfc3339
from services.customer_list import CustomerList
from services.customer_order import CustomerSort, Stretch, in_order
from services.customer_tables import CustomerRecord
from services.database import Database
from services.errors import NotFound
from services.lane import Lane
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.questions import BeingWorkedOut, Question
from services.user_lookup import UserLookup
from tests.oracle import Oracle
from tests.unit.test_search import NOW, QUERIES, Board, explained

DATES: list[dict[str, Any]] = [{}, {'range': 'today'}, {'range': '30d'}, {'to': '2026-11-10'}, {'from': '2026-11-15'}]


class Setting:
    """Alice's three files, and a list with a lane of its own."""

    def __init__(self, database: Database, *, at_once: int = 100_000) -> None:
        self.board = Board(database, at_once=at_once)
        self.lane = Lane()
        self.customers = CustomerList(
            database,
            self.board.dashboard,
            users=UserLookup(database),
            lane=self.lane,
            patience=Patience(lane=0),
            clock=lambda: NOW,
            at_once=at_once,
        )

    async def question(self, query: dict[str, Any]) -> Question:
        return await self.customers.question(self.board.user_id, DashboardQuery.parse(query))

    async def page(self, query: dict[str, Any], sort: CustomerSort, *, limit: int = 100) -> dict[str, Any]:
        question = await self.question(query)
        answer = await self.customers.page(question, sort=sort, limit=limit, cursor=None)
        page: dict[str, Any] = orjson.loads(b'{%b}' % answer.members)
        assert answer.refreshing == ('state' in page)
        return page

    async def all(self, query: dict[str, Any], sort: CustomerSort, *, awake: bool = False) -> list[dict[str, Any]]:
        """Every page put together, however often it has to be asked for."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            question = await self.question(query)
            try:
                answer = await self.customers.page(question, sort=sort, limit=17, cursor=cursor, awake=awake)
            except BeingWorkedOut:
                await asyncio.sleep(0.001)
                continue
            page = orjson.loads(b'{%b}' % answer.members)
            items += page['items']
            cursor = page['next_cursor']
            if cursor is None:
                return items

    async def revenue(self, query: dict[str, Any]) -> tuple[int, int, float | None]:
        question = await self.question(query)
        while True:
            try:
                found = await self.customers.revenue(question)
                return found.customers, found.with_value, found.account_value
            except BeingWorkedOut:
                await asyncio.sleep(0.001)

    def expected(self, query: dict[str, Any], sort: CustomerSort) -> list[tuple[str, float, str, float | None]]:
        oracle = Oracle(self.board.rows, now=NOW, query=query)
        latest = {row.customer: row for row in oracle.rows}
        rows = sorted(latest.values(), key=lambda row: (row.score, row.arrival), reverse=True)
        if sort is CustomerSort.ID:
            rows = [latest[customer] for customer in self.ids() if customer in latest]
        if sort is CustomerSort.CHANGE:
            arrived = {row.arrival: row for row in rows}
            rows = [arrived[arrival] for arrival in oracle.by_change()]
        return [
            (row.customer, row.score / 1_000_000, rfc3339(row.at), _millionths(oracle.change(row.customer)))
            for row in rows
        ]

    def ids(self) -> list[str]:
        """As the database sorts them."""
        with self.board.database.reading() as session:
            return list(session.execute(text('SELECT customer_id FROM customer ORDER BY customer_id')).scalars())


@pytest.fixture
async def setting(database: Database) -> AsyncIterator[Setting]:
    setting = Setting(database)
    yield setting
    setting.lane.close()


@pytest.fixture
async def patient(database: Database) -> AsyncIterator[Setting]:
    """With nearly everything for the lane."""
    setting = Setting(database, at_once=1)
    yield setting
    setting.lane.close()


def told(items: list[dict[str, Any]]) -> list[tuple[str, float, str, float | None]]:
    return [(item['customer_id'], item['churn_score'], item['timestamp'], item.get('change_7d')) for item in items]


def _millionths(value: int | None) -> float | None:
    return None if value is None else value / 1_000_000


async def test_every_query_lists_the_customers_of_a_plain_recomputation(setting: Setting) -> None:
    for sort in CustomerSort:
        for query in (*DATES, *QUERIES):
            assert told(await setting.all(query, sort)) == setting.expected(query, sort), (sort, query)


async def test_the_lane_lists_the_same(patient: Setting) -> None:
    for sort in CustomerSort:
        for query in ({'range': '7d'}, {'to': '2026-11-10'}, {'risk': 'low,high'}, {'source': 'first.csv'}):
            assert told(await patient.all(query, sort)) == patient.expected(query, sort), (sort, query)


async def test_without_rollups_the_predictions_themselves_are_asked(setting: Setting) -> None:
    with setting.board.database.writing() as session:
        session.execute(text('UPDATE user_revision SET rollup_zone = NULL'))
    for sort in CustomerSort:
        for query in DATES:
            assert told(await setting.all(query, sort)) == setting.expected(query, sort), (sort, query)


async def test_of_all_customers_every_page_is_there_at_once_however_many_they_are(patient: Setting) -> None:
    for sort in (CustomerSort.RISK, CustomerSort.ID):
        assert (await patient.page({}, sort, limit=3))['items']


async def test_every_query_has_the_revenue_at_risk_of_a_plain_recomputation(setting: Setting) -> None:
    for query in (*DATES, *QUERIES):
        customers, with_value, sum_of_values = Oracle(setting.board.rows, now=NOW, query=query).revenue()
        value = sum_of_values / 1_000_000 if with_value else None
        assert await setting.revenue(query) == (customers, with_value, value), query


async def test_the_lane_adds_up_the_same_revenue(patient: Setting) -> None:
    for query in ({}, {'range': '7d'}, {'to': '2026-11-10'}, {'risk': 'low,high'}):
        customers, with_value, sum_of_values = Oracle(patient.board.rows, now=NOW, query=query).revenue()
        assert with_value
        assert await patient.revenue(query) == (customers, with_value, sum_of_values / 1_000_000), query


async def test_revenue_is_added_up_however_large_it_is(setting: Setting) -> None:
    largest = 10**18
    rows = [PredictionRow(1, f'whale {number}', 1_000_000, None, account_value=largest) for number in range(12)]
    Ingest(setting.board.database, clock=lambda: NOW).take(
        setting.board.user_id, rows, kind=SourceKind.FILE, name='whales.csv'
    )
    assert await setting.revenue({'source': 'whales.csv'}) == (12, 12, 12e12)


async def test_by_change_nothing_is_gone_through_while_somebody_waits_if_there_are_many(patient: Setting) -> None:
    with pytest.raises(BeingWorkedOut):
        await patient.page({}, CustomerSort.CHANGE)
    assert told(await patient.all({}, CustomerSort.CHANGE)) == patient.expected({}, CustomerSort.CHANGE)


@pytest.mark.parametrize('query', [{}, {'range': '30d'}, {'to': '2026-11-10'}, {'min_score': '0'}], ids=str)
async def test_snoozed_customers_are_left_out_where_that_is_asked(setting: Setting, query: dict[str, Any]) -> None:
    asleep = [item['customer_id'] for item in await setting.all(query, CustomerSort.RISK)][::3]
    with setting.board.database.writing() as session:
        for customer in asleep:
            session.add(
                CustomerRecord(
                    user_id=setting.board.user_id,
                    customer_id=customer,
                    snoozed_until=day_number(NOW.date()) + 3,
                    snooze_score=1_000_000,
                )
            )
    for sort in CustomerSort:
        everybody = setting.expected(query, sort)
        assert told(await setting.all(query, sort)) == everybody
        listed = told(await setting.all(query, sort, awake=True))
        assert listed == [item for item in everybody if item[0] not in asleep], sort


async def test_while_a_page_is_worked_out_anew_the_one_known_last_is_told(patient: Setting) -> None:
    query = {'risk': 'high'}
    with pytest.raises(BeingWorkedOut):
        await patient.page(query, CustomerSort.RISK)
    before = await patient.all(query, CustomerSort.RISK)
    with pytest.raises(BeingWorkedOut):  # of another page nothing is known
        await patient.page(query, CustomerSort.RISK, limit=16)
    go = threading.Event()
    patient.lane.ask(0, 'somebody else', go.wait)
    rows = [PredictionRow(1, 'new', 999_999, None)]
    Ingest(patient.board.database, clock=lambda: NOW).take(patient.board.user_id, rows, kind=SourceKind.API, name='')
    question = await patient.question(query)
    page = await patient.page(query, CustomerSort.RISK, limit=17)
    assert page['state'] == 'refreshing'
    assert page['items'] == before[:17]
    go.set()
    async with asyncio.timeout(60):
        while page.get('state'):
            await asyncio.sleep(0.001)
            page = await patient.page(query, CustomerSort.RISK, limit=17)
    assert page['items'][0]['customer_id'] == 'new'
    assert question.etag() == (await patient.question(query)).etag()


async def test_an_etag_changes_with_the_data_the_day_and_the_question(setting: Setting) -> None:
    tags = {(await setting.question({})).etag('a'), (await setting.question({})).etag('b')}
    tags.add((await setting.question({'risk': 'high'})).etag('a'))
    with setting.board.database.writing() as session:
        session.execute(text('UPDATE user_revision SET revision = revision + 1'))
    tags.add((await setting.question({})).etag('a'))
    with setting.board.database.writing() as session:
        session.execute(text("UPDATE user_revision SET rollup_zone = 'Pacific/Kiritimati'"))  # a day ahead
    tags.add((await setting.question({})).etag('a'))
    assert len(tags) == 5
    assert (await setting.question({})).etag('a') in tags


BEYOND = """
    INSERT INTO prediction (user_id, arrival, source_id, customer_id, score, predicted_at, timed, committed_at, status)
    SELECT user_id, arrival + 1000000, source_id, :customer, 1000000, :at, timed, committed_at, status
    FROM prediction WHERE arrival = 1
"""


async def test_rows_of_a_file_on_its_way_are_seen_nowhere(setting: Setting) -> None:
    known, user_id = setting.ids()[0], setting.board.user_id
    question = await setting.question({})
    before = [await setting.all(query, CustomerSort.ID) for query in ({}, {'min_score': '0'})]
    detail = await setting.customers.detail(question, known, limit=9, cursor=None)
    with setting.board.database.writing() as session:
        session.execute(text(BEYOND), {'customer': known, 'at': 1})
        session.execute(text(BEYOND.replace('1000000,', '1000001,', 1)), {'customer': 'coming', 'at': 2**50})
        session.execute(
            text("INSERT INTO customer (user_id, customer_id, folded_id) VALUES (:user, 'coming', 'coming')"),
            {'user': user_id},
        )
    assert [await setting.all(query, CustomerSort.ID) for query in ({}, {'min_score': '0'})] == before
    assert await setting.customers.detail(question, known, limit=9, cursor=None) == detail
    with pytest.raises(NotFound):
        await setting.customers.detail(question, 'coming', limit=9, cursor=None)


async def test_an_id_no_database_takes_is_nobodys(setting: Setting) -> None:
    with pytest.raises(NotFound):
        await setting.customers.detail(await setting.question({}), 'a\0b', limit=9, cursor=None)


@pytest.mark.parametrize(
    ('sort', 'after', 'step'),
    [
        (
            CustomerSort.RISK,
            (500_000, 7),
            'SEARCH customer_day USING INDEX ix_customer_day_latest (user_id=? AND generation=? AND '
            '(score,arrival)<(?,?))',
        ),
        (CustomerSort.ID, ('C1',), 'SEARCH customer USING PRIMARY KEY (user_id=? AND customer_id>?)'),
    ],
)
async def test_a_page_begins_in_an_index_where_the_one_before_ended(
    tmp_path: Path, sort: CustomerSort, after: tuple[Any, ...], step: str
) -> None:
    database = Database.open(f'sqlite:///{tmp_path}/x.sqlite3')
    migrations.upgrade(database)
    board = Board(database)
    with database.reading() as session:
        statement = in_order(session, board.planned(session, {}), Stretch(sort=sort, most=9, after=after))
        steps = explained(session, statement)
    database.close()
    assert step in steps
    assert not [other for other in steps if other.startswith('SCAN') and 'anon' not in other]
