from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services import exports, users
from services.clock import to_micros
from services.csv_rows import read_csv
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidRequest, InvalidToken, NotFound
from services.export_formats import ExportFormat, export_format
from services.exports import ExportGrant, Exports
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.scores import RiskBands
from tests.accounts import SettableClock, open_database

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CSV, JSON = ExportFormat.CSV, ExportFormat.JSON

FULL = PredictionRow(
    1,
    'A-1',
    734_500,
    to_micros(NOW),
    external_id='X',
    customer_name='Ärger & "Söhne", Berlin',
    account_value=29_850_000,
    reasons='+Logins down\n-Annual contract',
    status='pending',
)
BARE = PredictionRow(1, 'B', 0, to_micros(NOW - timedelta(days=3)))


class Office:
    """Exports, and the people who ask for them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = SettableClock(NOW)
        self.exports = Exports(database, Dashboard(bands=RiskBands()), clock=self.clock)
        self.alice, self.bob = (self._add(f'{name}@example.com') for name in ('alice', 'bob'))

    def _add(self, email: str) -> int:
        with self.database.writing() as session:
            user_id = users.add(session, email, password_hash='x').id
        assert user_id
        return user_id

    def take(self, *rows: PredictionRow, user: int | None = None, name: str = 'scores.csv') -> None:
        Ingest(self.database, clock=self.clock).take(user or self.alice, rows, kind=SourceKind.FILE, name=name)

    async def grant(
        self, query: Mapping[str, object] | None = None, fmt: ExportFormat = JSON, *, user: int | None = None
    ) -> ExportGrant:
        return await self.exports.grant(user or self.alice, DashboardQuery.parse(query or {}), fmt)

    async def fetch(self, grant: ExportGrant) -> bytes:
        redeemed = self.exports.redeem(grant.token)
        return b''.join([part async for part in self.exports.stream(redeemed)])

    async def records(
        self, query: Mapping[str, object] | None = None, fmt: ExportFormat = JSON
    ) -> list[dict[str, Any]]:
        grant = await self.grant(query, fmt)
        records = read(await self.fetch(grant), fmt)
        assert len(records) == grant.rows
        return records


def read(content: bytes, fmt: ExportFormat) -> list[dict[str, Any]]:
    if fmt is JSON:
        records: list[dict[str, Any]] = json.loads(content)
        return records
    return list(csv.DictReader(io.StringIO(content.decode(), newline='')))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = open_database(tmp_path)
    yield Office(database)
    database.close()


async def test_both_databases_export_the_same(database: Database) -> None:
    office = Office(database)
    office.take(FULL, BARE)
    for fmt in ExportFormat:
        assert [record['customer_id'] for record in await office.records(fmt=fmt)] == ['A-1', 'B']


async def test_json_holds_the_predictions_newest_first(office: Office) -> None:
    office.take(BARE, FULL)
    assert await office.records() == [
        {
            'customer_id': 'A-1',
            'customer_name': 'Ärger & "Söhne", Berlin',
            'churn_score': 0.7345,
            'risk_level': 'high',
            'predicted_at': '2026-11-23T12:00:00.000Z',
            'status': 'pending',
            'account_value': 29.85,
            'reasons': ['+Logins down', '-Annual contract'],
            'file_name': 'scores.csv',
            'external_id': 'X',
            'id': '2',
        },
        {
            'customer_id': 'B',
            'customer_name': None,
            'churn_score': 0.0,
            'risk_level': 'low',
            'predicted_at': '2026-11-20T12:00:00.000Z',
            'status': 'completed',
            'account_value': None,
            'reasons': None,
            'file_name': 'scores.csv',
            'external_id': None,
            'id': '1',
        },
    ]


async def test_csv_holds_the_same_in_columns(office: Office) -> None:
    office.take(BARE, FULL)
    first, second = await office.records(fmt=CSV)
    assert first == {
        'customer_id': 'A-1',
        'customer_name': 'Ärger & "Söhne", Berlin',
        'churn_score': '0.7345',
        'risk_level': 'high',
        'predicted_at': '2026-11-23T12:00:00.000Z',
        'status': 'pending',
        'account_value': '29.85',
        'reasons': "'+Logins down|-Annual contract",
        'file_name': 'scores.csv',
        'external_id': 'X',
        'id': '2',
    }
    assert [key for key, value in second.items() if not value] == [
        'customer_name',
        'account_value',
        'reasons',
        'external_id',
    ]


@pytest.mark.parametrize('fmt', ExportFormat)
async def test_an_export_without_rows_is_still_a_file(office: Office, fmt: ExportFormat) -> None:
    grant = await office.grant(fmt=fmt)
    content = await office.fetch(grant)
    assert (grant.rows, read(content, fmt)) == (0, [])
    assert content.startswith(b'[' if fmt is JSON else b'customer_id,')


@pytest.mark.parametrize('start', ['=', '+', '-', '@'])
async def test_a_cell_that_a_spreadsheet_would_run_is_made_text(office: Office, start: str) -> None:
    office.take(
        PredictionRow(1, f'{start}1+1', 0, to_micros(NOW), customer_name=f'{start}cmd', external_id=f'{start}A1'),
        name=f'{start}scores.csv',
    )
    (record,) = await office.records(fmt=CSV)
    guarded = [record[key] for key in ('customer_id', 'customer_name', 'external_id', 'file_name')]
    assert guarded == [f"'{start}1+1", f"'{start}cmd", f"'{start}A1", f"'{start}scores.csv"]
    (record,) = await office.records(fmt=JSON)
    assert record['customer_id'] == f'{start}1+1'


STARTS = ['=', '+', '-', '@', "'=", "''+", "'", "''", "'A", "' =", '"', ',', ';']


async def test_an_exported_csv_imports_as_exactly_what_it_was(office: Office) -> None:
    given = [
        FULL,
        BARE,
        PredictionRow(1, 'late', 1, to_micros(NOW) - 1, account_value=10**18, reasons="-'=a"),
        PredictionRow(1, 'later', 999_999, to_micros(NOW) - 1_000, account_value=999_999_999_999_999_999, reasons='+='),
        *(
            PredictionRow(1, f'{start}1', 0, to_micros(NOW) - 2, customer_name=f'{start}n', external_id=f'{start}e')
            for start in STARTS
        ),
    ]
    office.take(*given)
    content = await office.fetch(await office.grant(fmt=CSV))
    rows = list(read_csv(io.BytesIO(content), now=NOW))
    assert [row for row in rows if not isinstance(row, PredictionRow)] == []
    as_given = {row._replace(line=1) for row in rows if isinstance(row, PredictionRow)}
    assert as_given == set(given)


@pytest.mark.parametrize('fmt', ExportFormat)
async def test_an_instant_is_exact(office: Office, fmt: ExportFormat) -> None:
    for micros in (0, 1_000, 1, 999_999):
        office.take(PredictionRow(1, 'A', 0, to_micros(NOW - timedelta(days=1)) + micros))
    assert [record['predicted_at'] for record in await office.records(fmt=fmt)] == [
        '2026-11-22T12:00:00.999999Z',
        '2026-11-22T12:00:00.001Z',
        '2026-11-22T12:00:00.000001Z',
        '2026-11-22T12:00:00.000Z',
    ]


@pytest.mark.parametrize(
    ('query', 'customers'),
    [
        ({}, ['A-1', 'B']),
        ({'risk': 'low'}, ['B']),
        ({'range': 'today'}, ['A-1']),
        ({'to': '2026-11-20'}, ['B']),
        ({'q': 'söhne'}, ['A-1']),
        ({'min_score': '0.7345', 'max_score': '0.7345'}, ['A-1']),
        ({'source': 'other.csv'}, []),
    ],
)
async def test_an_export_holds_what_the_query_means(
    office: Office, query: dict[str, object], customers: list[str]
) -> None:
    office.take(FULL, BARE)
    assert [record['customer_id'] for record in await office.records(query)] == customers


async def test_a_link_works_once(office: Office) -> None:
    office.take(FULL)
    grant = await office.grant()
    assert grant.url == f'/api/exports/{grant.token}'
    assert grant.file_name == 'churnboard-2026-11-23.json'
    assert office.exports.redeem(grant.token) == grant
    for token in (grant.token, '', 'unknown'):
        with pytest.raises(NotFound):
            office.exports.redeem(token)


async def test_a_link_dies_after_a_minute(office: Office) -> None:
    in_time, late = await office.grant(), await office.grant()
    office.clock.advance(seconds=59, milliseconds=999)
    office.exports.redeem(in_time.token)
    office.clock.advance(milliseconds=1)
    with pytest.raises(NotFound):
        office.exports.redeem(late.token)


async def test_links_cannot_be_guessed_from_one_another(office: Office) -> None:
    tokens = {(await office.grant()).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 43 for token in tokens)


async def test_an_export_holds_its_owners_rows_only(office: Office) -> None:
    office.take(FULL, BARE)
    office.take(PredictionRow(1, 'A-1', 111_111, to_micros(NOW), customer_name='Bolt'), user=office.bob)
    of_alice, of_bob = await office.grant(), await office.grant(user=office.bob)
    assert (of_alice.user_id, of_alice.rows, of_bob.user_id, of_bob.rows) == (office.alice, 2, office.bob, 1)
    (record,) = read(await office.fetch(of_bob), JSON)
    assert (record['churn_score'], record['customer_name']) == (0.111111, 'Bolt')
    assert {record['customer_name'] for record in read(await office.fetch(of_alice), JSON)} == {
        FULL.customer_name,
        None,
    }


@pytest.mark.parametrize('gone', ['disabled', 'unknown'])
async def test_who_may_not_sign_in_is_granted_nothing(office: Office, gone: str) -> None:
    user = office.alice
    if gone == 'unknown':
        user = 4_711
    else:
        with office.database.writing() as session:
            users.set_disabled(session, 'alice@example.com', disabled=True)
    with pytest.raises(InvalidToken):
        await office.grant(user=user)


async def test_days_are_those_of_the_users_zone_when_the_link_was_given(office: Office) -> None:
    with office.database.writing() as session:
        alice = users.find(session, 'alice@example.com')
        alice.time_zone = 'America/Los_Angeles'
        session.add(alice)
    office.clock.now = datetime(2026, 11, 24, 7, 59, 59, tzinfo=UTC)
    office.take(FULL)
    grant = await office.grant({'range': 'today'})
    office.clock.advance(seconds=2)
    assert len(read(await office.fetch(grant), JSON)) == grant.rows == 1


@pytest.mark.parametrize('fmt', ExportFormat)
@pytest.mark.parametrize('rows', [exports.PAGE, exports.PAGE + 1, 2 * exports.PAGE + 3])
async def test_a_long_export_is_complete_while_rows_are_added(office: Office, fmt: ExportFormat, rows: int) -> None:
    # three predictions share each instant, so that a page ends between equal ones
    given = [PredictionRow(1, f'C{n}', n, to_micros(NOW - timedelta(seconds=n // 3))) for n in range(rows)]
    office.take(*given)
    grant = await office.grant(fmt=fmt)
    parts = []
    async for part in office.exports.stream(office.exports.redeem(grant.token)):
        parts.append(part)
        late = PredictionRow(1, f'late {len(parts)}', 0, to_micros(NOW - timedelta(hours=len(parts))))
        office.take(late, name=f'{len(parts)}.csv')

    records = read(b''.join(parts), fmt)

    assert len(parts) > 1
    assert grant.rows == rows
    expected = sorted(enumerate(given, start=1), key=lambda pair: (pair[1].predicted_at, pair[0]), reverse=True)
    assert [(record['id'], record['customer_id']) for record in records] == [
        (str(arrival), row.customer_id) for arrival, row in expected
    ]


@pytest.mark.parametrize('value', ['', 'CSV', 'xlsx', None, 5, ['csv']])
def test_a_format_we_do_not_write_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        export_format(value)
    assert refused.value.field == 'format'


def test_the_formats_are_csv_and_json() -> None:
    assert [export_format('csv'), export_format('json')] == [CSV, JSON]
