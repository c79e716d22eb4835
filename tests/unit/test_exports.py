from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlmodel import select

from services import export_job, export_rows, export_spool, export_xlsx, users
from services.clock import to_micros
from services.counters import Counters
from services.csv_rows import read_csv
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidRequest, InvalidToken, NotFound, RateLimited, Unavailable
from services.export_formats import COLUMNS, ExportFormat, export_decimal, export_format
from services.export_grants import REMEMBERED, ExportGrant
from services.exports import Download, Exports
from services.formula_guard import guarded, unguarded
from services.identity import NEVER, NO_PROOF, Right
from services.models import Source, SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.reason_texts import join_texts, split_text
from services.revisions import next_revision
from services.scores import RiskBands
from services.sources import undo
from tests.accounts import SettableClock, open_database

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CSV, CSV_EXCEL, JSON, NDJSON, XLSX = ExportFormat
OFTEN = 1_000

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

    def __init__(self, database: Database, folder: Path, *, per_minute: int = OFTEN) -> None:
        self.database = database
        self.folder = folder / 'exports'
        self.clock = SettableClock(NOW)
        self.seconds = 0.0
        self.counters = Counters()
        self.exports = Exports(
            database,
            Dashboard(bands=RiskBands()),
            folder=self.folder,
            per_minute=per_minute,
            counters=self.counters,
            clock=self.clock,
            monotonic=lambda: self.seconds,
        )
        self.alice, self.bob = (self._add(f'{name}@example.com') for name in ('alice', 'bob'))

    def _seconds(self) -> float:
        return self.clock.now.timestamp()

    def _add(self, email: str) -> int:
        with self.database.writing() as session:
            user_id = users.add(session, email, password_hash='x').id
        assert user_id
        return user_id

    def take(self, *rows: PredictionRow, user: int | None = None, name: str = 'scores.csv') -> None:
        Ingest(self.database, clock=self.clock).take(user or self.alice, rows, kind=SourceKind.FILE, name=name)

    def undo(self, name: str) -> None:
        """Take a file of alice's back."""
        with self.database.writing() as session:
            next_revision(session, self.alice)
            sources = session.exec(select(Source.id).where(Source.name == name)).all()
            undo(session, self.alice, list(sources), bands=RiskBands())

    async def grant(
        self,
        query: Mapping[str, object] | None = None,
        fmt: ExportFormat = JSON,
        *,
        user: int | None = None,
        decimal: str = '.',
    ) -> ExportGrant:
        right = Right(NO_PROOF, token_version=0, expires_at=NEVER)
        asked = DashboardQuery.parse(query or {})
        return await self.exports.grant(user or self.alice, asked, fmt, decimal=decimal, right=right)

    @asynccontextmanager
    async def fetching(self, grant: ExportGrant) -> AsyncIterator[Download]:
        async with self.exports.fetch(grant.token, lasts=always) as download:
            yield download

    async def fetch(self, grant: ExportGrant) -> bytes:
        async with self.fetching(grant) as download:
            return await content_of(download)

    async def state(self, grant: ExportGrant) -> str:
        return self.exports.status(grant.user_id, grant.id).state.value

    async def records(
        self, query: Mapping[str, object] | None = None, fmt: ExportFormat = JSON
    ) -> list[dict[str, Any]]:
        grant = await self.grant(query, fmt)
        records = read(await self.fetch(grant), fmt)
        assert len(records) == grant.rows
        return records


async def always(_grant: ExportGrant) -> bool:
    return True


async def never(_grant: ExportGrant) -> bool:
    return False


async def content_of(download: Download) -> bytes:
    return b''.join([block async for block in download.blocks()])


def read(content: bytes, fmt: ExportFormat) -> list[dict[str, Any]]:
    if fmt is JSON:
        records: list[dict[str, Any]] = json.loads(content)
        return records
    if fmt is NDJSON:
        return [json.loads(line) for line in content.splitlines()]
    if fmt is XLSX:
        _header, *rows = ([value for _, value in cells] for cells in sheet(content))
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return list(csv.DictReader(io.StringIO(content.decode('utf-8-sig'), newline='')))


MAIN = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
Cell = tuple[str, str | float | None]


def sheet(content: bytes) -> list[list[Cell]]:
    """The cells of each row as (kind, value): the form of a number, or "text"."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert parts.testzip() is None
        styles = ElementTree.fromstring(parts.read('xl/styles.xml'))
        root = ElementTree.fromstring(parts.read('xl/worksheets/sheet1.xml'))
        strings = [''.join(item.itertext()) for item in ElementTree.fromstring(parts.read('xl/sharedStrings.xml'))]
    forms = {form.get('numFmtId'): form.get('formatCode') or '' for form in styles.iter(f'{MAIN}numFmt')}
    kinds = [forms.get(style.get('numFmtId'), '') for style in styles.find(f'{MAIN}cellXfs') or ()]
    assert not list(root.iter(f'{MAIN}f')), 'a formula'
    rows = []
    for row in root.iter(f'{MAIN}row'):
        cells: list[Cell] = [('', None)] * len(COLUMNS)
        for cell in row:
            text, kind = ''.join(cell.itertext()), cell.get('t')
            of_text = {'inlineStr': lambda text=text: text, 's': lambda text=text: strings[int(text)]}
            place = ord(cell.get('r', '?')[0]) - ord('A')
            value: Cell = ('text', of_text[kind]()) if kind else (kinds[int(cell.get('s', '0'))], float(text))
            cells[place] = value
        rows.append(cells)
    return rows


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = open_database(tmp_path)
    office = Office(database, tmp_path)
    yield office
    office.exports.close()
    database.close()


@pytest.fixture
def either_office(database: Database, tmp_path: Path) -> Iterator[Office]:
    """On SQLite, and on PostgreSQL."""
    office = Office(database, tmp_path)
    yield office
    office.exports.close()


async def test_both_databases_export_the_same(either_office: Office) -> None:
    either_office.take(FULL, BARE)
    for fmt in ExportFormat:
        assert [record['customer_id'] for record in await either_office.records(fmt=fmt)] == ['A-1', 'B']


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
    begins = {CSV: b'customer_id,', CSV_EXCEL: b'\xef\xbb\xbfcustomer_id,', JSON: b'[', NDJSON: b'', XLSX: b'PK'}
    assert content.startswith(begins[fmt])
    assert content or fmt is NDJSON


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


STARTS = [
    '=',
    '+',
    '-',
    '@',
    "'=",
    "''+",
    "'",
    "''",
    "'A",
    "' =",
    '"',
    ',',
    ';',
    ';=',
    ";'=",
    ',-',
    '"=',
    '\uff1d',
    '||',
    '|',
]


async def test_an_exported_csv_imports_as_exactly_what_it_was(office: Office) -> None:
    given = [
        FULL,
        BARE,
        PredictionRow(1, 'late', 1, to_micros(NOW) - 1, account_value=10**18, reasons="-'=a"),
        PredictionRow(1, 'bars', 1, to_micros(NOW), reasons='+a|b\n-|\n+||c|\n-d||\n+;=e'),
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


@pytest.mark.parametrize('fmt', [CSV, JSON, NDJSON])
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
    assert read(await office.fetch(grant), JSON)
    for token in (grant.token, '', 'unknown', grant.id):
        with pytest.raises(NotFound):
            async with office.exports.fetch(token, lasts=always):
                pass


async def test_a_link_whose_owner_may_not_have_it_any_more_is_used_up(office: Office) -> None:
    grant = await office.grant()
    for lasts in (never, always):
        with pytest.raises(NotFound):
            async with office.exports.fetch(grant.token, lasts=lasts):
                pass


async def test_a_link_dies_after_a_minute(office: Office) -> None:
    in_time, late = await office.grant(), await office.grant()
    office.clock.advance(seconds=59, milliseconds=999)
    await office.fetch(in_time)
    office.clock.advance(milliseconds=1)
    with pytest.raises(NotFound):
        await office.fetch(late)
    assert await office.state(late) == 'expired'


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
@pytest.mark.parametrize('rows', [5, 6, 13])
async def test_a_long_export_is_complete_while_rows_are_added(
    office: Office, fmt: ExportFormat, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, 'PAGE', 5)
    # three predictions share each instant, so that a page ends between equal ones
    given = [PredictionRow(1, f'C{n}', n, to_micros(NOW - timedelta(seconds=n // 3))) for n in range(rows)]
    office.take(*given)
    grant = await office.grant(fmt=fmt)
    office.take(PredictionRow(1, 'before', 0, to_micros(NOW)), name='before.csv')
    async with office.fetching(grant) as download:
        office.take(PredictionRow(1, 'meanwhile', 0, to_micros(NOW)), name='meanwhile.csv')
        records = read(await content_of(download), fmt)

    assert grant.rows == download.rows == rows
    expected = sorted(enumerate(given, start=1), key=lambda pair: (pair[1].predicted_at, pair[0]), reverse=True)
    assert [(record['id'], record['customer_id']) for record in records] == [
        (str(arrival), row.customer_id) for arrival, row in expected
    ]


async def test_all_rows_are_of_the_moment_in_which_the_link_was_used(
    either_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the file takes: what is deleted meanwhile is in it, and none is there twice."""
    monkeypatch.setattr(export_rows, 'PAGE', 5)
    monkeypatch.setattr(export_job, 'BREATH', 0.1)
    either_office.take(*(PredictionRow(1, f'C{n}', n, to_micros(NOW) - n) for n in range(20)))
    grant = await either_office.grant()
    async with either_office.fetching(grant) as download:
        await asyncio.to_thread(either_office.undo, 'scores.csv')
        records = read(await content_of(download), JSON)
    assert [record['customer_id'] for record in records] == [f'C{n}' for n in range(20)]


@pytest.mark.parametrize('fmt', [CSV, JSON])
async def test_what_is_deleted_before_the_link_is_used_is_neither_in_the_file_nor_in_its_count(
    office: Office, fmt: ExportFormat
) -> None:
    office.take(FULL)
    office.take(BARE, name='wrong.csv')
    grant = await office.grant(fmt=fmt)
    office.undo('wrong.csv')
    async with office.fetching(grant) as download:
        records = read(await content_of(download), fmt)
    assert grant.rows == 2
    assert download.rows == len(records) == 1
    assert office.exports.status(office.alice, grant.id).public()['rows'] == 1


async def test_a_customer_whose_name_is_another_by_now_is_counted_again(office: Office) -> None:
    office.take(FULL)
    grant = await office.grant({'q': 'söhne'})
    office.take(PredictionRow(1, 'A-1', 0, to_micros(NOW), customer_name='Bolt'), name='later.csv')
    async with office.fetching(grant) as download:
        assert (grant.rows, download.rows) == (1, 0)


@pytest.mark.parametrize('fmt', [CSV, XLSX])
async def test_a_file_with_other_rows_than_were_stated_ends_as_a_failure(
    office: Office, fmt: ExportFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.take(FULL, BARE)
    monkeypatch.setattr(export_job, 'is_unchanged', lambda *_: True)
    grant = await office.grant(fmt=fmt)
    office.undo('scores.csv')
    with pytest.raises(Unavailable):
        await office.fetch(grant)
    assert await office.state(grant) == 'failed'


async def test_after_the_download_its_owner_learns_how_many_rows_were_sent(office: Office) -> None:
    office.take(FULL, BARE)
    grant = await office.grant(fmt=NDJSON)
    expected = {'id': grant.id, 'format': 'ndjson', 'state': 'granted', 'rows': 2, 'written': 0}
    assert office.exports.status(office.alice, grant.id).public() == expected
    await office.fetch(grant)
    assert office.exports.status(office.alice, grant.id).public() == {**expected, 'state': 'done', 'written': 2}
    for user, export_id in ((office.bob, grant.id), (office.alice, 'unknown'), (office.alice, 'ü'), (4_711, grant.id)):
        with pytest.raises(NotFound):
            office.exports.status(user, export_id)


async def test_a_client_that_goes_away_leaves_no_file_and_a_failure(office: Office) -> None:
    office.take(FULL, BARE)
    grant = await office.grant(fmt=CSV)
    async with office.fetching(grant) as download:
        assert not list(office.folder.iterdir()), 'the file has a name, and would outlive a killed server'
        assert open_files(office.folder)
        blocks = download.blocks()
        await anext(blocks)
        await blocks.aclose()
    assert await office.state(grant) == 'failed'
    await asyncio.to_thread(office.exports.close)  # what has begun has ended then
    assert not open_files(office.folder)


def open_files(folder: Path) -> list[str]:
    links = [path.readlink() for path in Path('/proc/self/fd').iterdir() if os.path.lexists(path)]
    return [str(link) for link in links if str(folder) in str(link)]


async def test_a_full_disk_is_said_before_the_first_byte(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_spool, 'RESERVE', 1 << 62)
    office.take(FULL)
    with pytest.raises(Unavailable, match='room'):
        await office.fetch(await office.grant())


async def test_more_exports_in_a_minute_than_allowed_are_refused_with_the_time_to_wait(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    office = Office(database, tmp_path, per_minute=2)
    for _ in range(2):
        await office.grant()
    with pytest.raises(RateLimited) as refused:
        await office.grant()
    assert refused.value.retry_after == pytest.approx(30)
    assert refused.value.message.endswith(('Try again in 30 s.', 'Try again in 31 s.'))
    assert office.counters.refusals('export_rate') == 1
    await office.grant(user=office.bob)
    office.seconds += 31
    await office.grant()
    office.exports.close()
    database.close()


async def test_a_third_export_at_the_same_time_waits_and_keeps_its_link(office: Office) -> None:
    office.take(FULL)
    first, second, third = [await office.grant() for _ in range(3)]
    async with office.fetching(first):
        async with office.fetching(second):
            with pytest.raises(RateLimited):
                await office.fetch(third)
            assert office.counters.refusals('export_streams') == 1
            assert await office.fetch(await office.grant(user=office.bob)) == b'[\n]\n'
        assert read(await office.fetch(third), JSON)


async def test_links_that_nobody_uses_are_few_and_the_newest(office: Office) -> None:
    grants = [await office.grant() for _ in range(REMEMBERED + 1)]
    with pytest.raises(NotFound):
        await office.fetch(grants[0])
    with pytest.raises(NotFound):
        await office.state(grants[0])
    await office.fetch(grants[1])


async def test_excel_gets_numbers_times_and_texts_as_such(office: Office) -> None:
    office.take(FULL, PredictionRow(1, '=1+1 _x000D_ <&> \uffff', 1_000_000, to_micros(NOW) - 500_000))
    header, full, bare = sheet(await office.fetch(await office.grant(fmt=XLSX)))
    assert [str(value).removesuffix(' (UTC)') for _, value in header] == list(COLUMNS)
    assert full == [
        ('text', 'A-1'),
        ('text', 'Ärger & "Söhne", Berlin'),
        ('0.00####', 0.7345),
        ('text', 'high'),
        ('yyyy-mm-dd hh:mm:ss', 46_349.5),  # 2026-11-23, noon
        ('text', 'pending'),
        ('#,##0.00####', 29.85),
        ('text', '+Logins down|-Annual contract'),
        ('text', 'scores.csv'),
        ('text', 'X'),
        ('text', '1'),
    ]
    assert bare[0] == ('text', '=1+1 _x005F_x000D_ <&> \ufffd')
    assert [place for place, cell in enumerate(bare) if cell == ('', None)] == [1, 6, 7, 9]


async def test_an_excel_sheet_says_how_large_it_is(office: Office) -> None:
    office.take(FULL, BARE)
    with zipfile.ZipFile(io.BytesIO(await office.fetch(await office.grant(fmt=XLSX)))) as parts:
        xml = parts.read('xl/worksheets/sheet1.xml').decode()
    assert re.findall('(?:dimension|autoFilter) ref="([^"]+)"', xml) == ['A1:K3', 'A1:K3']


async def test_more_rows_than_excel_holds_are_refused_before_anything_is_made(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_xlsx, 'MOST_ROWS', 1)
    office.take(FULL, BARE)
    with pytest.raises(InvalidRequest) as refused:
        await office.grant(fmt=XLSX)
    assert refused.value.field == 'format'
    assert await office.records({'q': 'söhne'}, XLSX)
    assert await office.records(fmt=CSV)


@pytest.mark.parametrize(('decimal', 'delimiter', 'score'), [('.', ',', '0.7345'), (',', ';', '0,7345')])
async def test_csv_for_excel_is_as_the_readers_excel_reads_it(
    office: Office, decimal: str, delimiter: str, score: str
) -> None:
    office.take(FULL)
    content = (await office.fetch(await office.grant(fmt=CSV_EXCEL, decimal=decimal))).decode()
    assert content.startswith('\ufeffcustomer_id')
    assert content.count('\r\n') == content.count('\n') == 2
    header, row = csv.reader(io.StringIO(content[1:], newline=''), delimiter=delimiter)
    record = dict(zip(header, row, strict=True))
    assert record['churn_score'] == score
    assert record['account_value'] == f'29{decimal}85'
    assert record['predicted_at'] == '2026-11-23 12:00:00'
    assert record['reasons'] == "'+Logins down|-Annual contract"


@pytest.mark.parametrize('decimal', ['.', ',', ';', '', None, 5, [',']])
def test_only_csv_for_excel_has_a_decimal_sign_to_choose(decimal: object) -> None:
    for fmt in ExportFormat:
        if decimal in (None, '.') or (decimal == ',' and fmt is CSV_EXCEL):
            assert export_decimal(decimal, fmt) == (decimal or '.')
        else:
            with pytest.raises(InvalidRequest) as refused:
                export_decimal(decimal, fmt)
            assert refused.value.field == 'decimal'


@pytest.mark.parametrize(
    ('text', 'safe'),
    [
        ('A;=1+1', "A;'=1+1"),
        ('A,@x', "A,'@x"),
        ('a"=1', 'a"\'=1'),
        ('\t=1', "'\t'=1"),
        ('\0=1', "'\0=1"),
        ('\r=1', "'\r'=1"),
        ('\uff1d1', "'\uff1d1"),
        (";''=1", ';' + "'" * 3 + '=1'),
        ('A-1', 'A-1'),
        ("O'Neil, -x", "O'Neil, -x"),
        ("'A", "'A"),
    ],
)
def test_whatever_a_cell_could_begin_with_is_guarded_and_comes_back(text: str, safe: str) -> None:
    assert guarded(text) == safe
    assert unguarded(safe) == text


@pytest.mark.parametrize(
    ('reasons', 'text'),
    [
        (['+a', '-b'], '+a|-b'),
        (['+a|b'], '+a||b'),
        (['+a|', '-b'], '+a|||-b'),
        (['+a||b|', '-|'], '+a||||b|||-||'),
    ],
)
def test_a_bar_within_a_reason_is_written_twice(reasons: list[str], text: str) -> None:
    assert join_texts(reasons) == text
    assert split_text(text) == reasons


FEW: list[dict[str, object]] = [{'q': 'few'}, {'source': 'few.csv'}, {'min_score': '0.999'}, {'range': 'today'}]


@pytest.mark.parametrize('query', FEW)
async def test_few_among_many_are_found_by_what_they_have_in_common(
    either_office: Office, query: dict[str, object]
) -> None:
    long_ago = to_micros(NOW - timedelta(days=9))
    either_office.take(*(PredictionRow(1, f'C{n}', n, long_ago + n % 7) for n in range(1_000)))
    found = [PredictionRow(1, f'few {n}', 999_900 + n, to_micros(NOW) - n // 2) for n in range(4)]
    either_office.take(*found, name='few.csv')
    records = await either_office.records(query)
    assert [record['customer_id'] for record in records] == ['few 1', 'few 0', 'few 3', 'few 2']


@pytest.mark.parametrize('query', FEW[:3])
async def test_few_among_many_are_not_looked_for_in_the_order_of_time(office: Office, query: dict[str, object]) -> None:
    """SQLite would rather go through all predictions than sort some."""
    office.take(*(PredictionRow(1, f'C{n}', n, to_micros(NOW) - n) for n in range(3_000)))
    office.take(PredictionRow(1, 'few', 999_900, to_micros(NOW)), name='few.csv')
    grant = await office.grant(query)
    statements: list[str] = []
    with office.database.reading() as session:
        session.connection().connection.driver_connection.set_trace_callback(statements.append)  # type: ignore[union-attr]
        found = list(
            export_rows.pages(session, Dashboard(bands=RiskBands()), grant.selection, last_arrival=grant.last_arrival)
        )
        steps = session.connection().exec_driver_sql(f'EXPLAIN QUERY PLAN {statements[-1]}').all()
    assert len(found[0]) == 1
    assert [step for *_, step in steps if 'ORDER BY' in step]
    assert not [step for *_, step in steps if 'ix_prediction_time' in step]


@pytest.mark.parametrize('value', ['', 'CSV', 'xls', None, 5, ['csv']])
def test_a_format_we_do_not_write_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        export_format(value)
    assert refused.value.field == 'format'


def test_the_formats_are_these() -> None:
    assert [export_format(name) for name in ('csv', 'csv-excel', 'json', 'ndjson', 'xlsx')] == list(ExportFormat)
