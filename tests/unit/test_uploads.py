from __future__ import annotations

import asyncio
import csv
import errno
import io
import logging
import os
import resource
import stat
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from services import upload_errors, upload_storage, users
from services.alerts import Alerts
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidRequest, NotFound, RateLimited, TooLarge, Unavailable
from services.hub import LiveHub
from services.models import Prediction
from services.predictions import Ingest, IngestResult
from services.scores import RiskBands
from services.sources import Sources
from services.supervision import Supervisor
from services.upload_files import UploadFolder
from services.upload_progress import Announcements
from services.upload_register import MAX_ENDED, MAX_UNFINISHED
from services.upload_status import UploadState, UploadStatus
from services.uploads import Uploads
from tests.accounts import SettableClock, open_database

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MEGABYTE = 1_000_000
BANDS = RiskBands()
READY, CHECKING, STORING, DONE, FAILED = UploadState

GOOD = b'customer_id,churn_score\nA,0.5\nB,0.75\n'
BAD = b'customer_id,churn_score\nA,0.5\nB,75\n=C,high\n'


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, 'it never happened'
        await asyncio.sleep(0.005)


class GatedIngest(Ingest):
    """Waits for ``gate`` before it takes a file in, and notes who came."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.gate = threading.Event()
        self.gate.set()
        self.begun: list[str] = []
        self.broken: Exception | None = None

    def take(self, *args: Any, **options: Any) -> IngestResult:
        self.begun.append(options['name'])
        assert self.gate.wait(10)
        if self.broken:
            options['stored'](1)
            raise self.broken
        return super().take(*args, **options)


class Desk:
    """Uploads, and the people who bring their files."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.clock = SettableClock(NOW)
        self.ingest = GatedIngest(database, clock=self.clock)
        dashboard = Dashboard(bands=BANDS)
        self.hub = LiveHub(database, dashboard, Alerts(database), clock=self.clock, refresh_seconds=5)
        self.supervisor = Supervisor()
        self.uploads = Uploads(
            folder,
            database=database,
            ingest=self.ingest,
            sources=Sources(database, bands=BANDS),
            hub=self.hub,
            supervisor=self.supervisor,
            clock=self.clock,
            max_bytes=4 * MEGABYTE,
        )
        self.heard: list[tuple[int, UploadStatus]] = []
        self.uploads.on_progress(self._hear)
        self.alice, self.bob = (self._add(f'{name}@example.com') for name in ('alice', 'bob'))

    def _add(self, email: str) -> int:
        with self.database.writing() as session:
            user_id = users.add(session, email, password_hash='x').id
        assert user_id
        return user_id

    async def _hear(self, user_id: int, status: UploadStatus) -> None:
        self.heard.append((user_id, status))

    async def receive(self, content: bytes, *, name: str = 'scores.csv', user: int | None = None) -> UploadStatus:
        return await self.uploads.receive(user or self.alice, name, chunks(content))

    async def start(
        self, upload_id: str, *, mapping: dict[str, str] | None = None, skip: bool = False, user: int | None = None
    ) -> UploadStatus:
        return await self.uploads.start(user or self.alice, upload_id, mapping=mapping or {}, skip_bad_rows=skip)

    async def end_of(self, upload_id: str, *, user: int | None = None) -> UploadStatus:
        user = user or self.alice
        await until(lambda: self.uploads.status(user, upload_id).state in (DONE, FAILED))
        return self.uploads.status(user, upload_id)

    async def take(self, content: bytes, *, user: int | None = None, **options: Any) -> UploadStatus:
        name = options.pop('name', 'scores.csv')
        status = await self.receive(content, name=name, user=user)
        if status.state is READY:
            await self.start(status.id, user=user, **options)
        return await self.end_of(status.id, user=user)

    async def stop(self) -> None:
        await self.supervisor.stop()
        await self.uploads.close()

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob('*') if path.is_file())

    def predictions(self, user: int | None = None) -> int:
        with self.database.reading() as session:
            mine = col(Prediction.user_id) == (user or self.alice)
            return session.execute(select(func.count()).where(mine)).scalar_one()

    def listed_errors(self, upload_id: str) -> list[list[str]]:
        path = self.uploads.errors(self.alice, upload_id)
        assert path
        return list(csv.reader(io.StringIO(path.read_text('utf-8'), newline='')))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    database = open_database(tmp_path)
    desk = Desk(database, tmp_path / 'uploads')
    yield desk
    desk.ingest.gate.set()
    await desk.stop()
    database.close()


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_received_file_lies_there_for_its_owner_alone_under_a_name_of_ours(desk: Desk) -> None:
    status = await desk.uploads.receive(desk.alice, 'scores.csv', chunks(GOOD[:9], b'', GOOD[9:]))
    (file,) = desk.files()
    assert (status.state, status.name, status.bytes, status.created_at) == (READY, 'scores.csv', len(GOOD), NOW)
    assert file.read_bytes() == GOOD
    assert 'scores' not in str(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.folder.stat().st_mode) == stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_long_file_arrives_byte_by_byte_as_it_was_sent(desk: Desk) -> None:
    content = os.urandom(3 * MEGABYTE + 17)
    parts = [content[at : at + 65_536] for at in range(0, len(content), 65_536)]
    await desk.uploads.receive(desk.alice, 'x', chunks(*parts))
    assert desk.files()[0].read_bytes() == content


async def test_a_started_file_is_taken_in(desk: Desk) -> None:
    ready = await desk.receive(GOOD)
    began = await desk.start(ready.id)
    done = await desk.end_of(ready.id)
    assert began.state is CHECKING
    assert (done.state, done.rows, done.stored, done.accepted, done.rejected) == (DONE, 2, 2, 2, 0)
    assert done.message == '2 rows taken, 0 corrected, 0 duplicates, 0 rejected.'
    await until(lambda: len(desk.heard) == 4)
    assert [status.state for _, status in desk.heard] == [READY, CHECKING, STORING, DONE]
    assert desk.predictions() == 2
    assert desk.files() == []
    (source,) = await desk.uploads.history(desk.alice)
    assert (source.id, source.name, source.accepted) == (done.source_id, 'scores.csv', 2)


async def test_columns_that_were_not_used_are_named(desk: Desk) -> None:
    done = await desk.take(b'customer_id,churn_score,plan,seats\nA,0.5,pro,3\n')
    assert done.message.endswith('Unused columns: plan, seats.')


async def test_the_numbers_are_there_when_an_upload_is_called_done(desk: Desk) -> None:
    noticed = []

    async def notice(user_id: int) -> None:
        noticed.append((user_id, [status.state for _, status in desk.heard]))

    desk.hub.notice = notice  # type: ignore[method-assign]
    await desk.take(GOOD)
    assert [user_id for user_id, _ in noticed] == [desk.alice]
    assert DONE not in noticed[0][1]


@pytest.mark.parametrize(
    ('given', 'kept'),
    [
        ('scores.csv', 'scores.csv'),
        ('/home/alice/scores.csv', 'scores.csv'),
        ('C:\\Users\\alice\\scores.csv', 'scores.csv'),
        ('../../etc/passwd', 'passwd'),
        (' a\x00b\x1b[2J\r\nc\u202e\ud800.csv ', 'ab[2J  c.csv'),
        ('Kündigungen\u00a0März.csv', 'Kündigungen März.csv'),
        ('x' * 200, 'x' * 200),
    ],
)
async def test_of_a_name_only_what_names_the_file_is_kept(desk: Desk, given: str, kept: str) -> None:
    assert (await desk.receive(GOOD, name=given)).name == kept


@pytest.mark.parametrize('name', ['', ' ', 'folder/', '..', '\x00', 'x' * 201])
async def test_a_file_without_a_usable_name_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await desk.receive(GOOD, name=name)
    assert refused.value.field == 'name'
    assert desk.files() == []


async def test_an_empty_file_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidRequest, match='empty'):
        await desk.receive(b'')
    assert desk.files() == []


async def test_a_file_that_is_too_large_is_cut_off_and_removed(desk: Desk) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield bytes(65_536)

    with pytest.raises(TooLarge, match='4 MB'):
        await desk.uploads.receive(desk.alice, 'x', endless())
    assert sent <= 4 * MEGABYTE + 65_536
    assert desk.files() == []


async def test_a_file_that_announces_too_much_is_refused_before_it_comes(desk: Desk) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError('it was read')
        yield b''

    with pytest.raises(TooLarge):
        await desk.uploads.receive(desk.alice, 'x', never(), announced=4 * MEGABYTE + 1)


class CutOff(Exception):
    pass


async def test_of_a_file_that_is_cut_off_nothing_is_left(desk: Desk) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield bytes(2 * MEGABYTE)
        assert desk.files()
        raise CutOff

    for _ in range(MAX_UNFINISHED + 1):
        with pytest.raises(CutOff):
            await desk.uploads.receive(desk.alice, 'x', cut())
    assert desk.files() == []


async def test_of_a_file_whose_request_is_cancelled_nothing_is_left(desk: Desk) -> None:
    waiting = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield bytes(2 * MEGABYTE)
        waiting.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(desk.uploads.receive(desk.alice, 'x', slow()))
    await waiting.wait()
    assert desk.files()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.files() == []


async def test_a_sender_who_falls_silent_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_storage, 'IDLE_SECONDS', 0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield GOOD
        await asyncio.sleep(60)

    async with asyncio.timeout(30):
        with pytest.raises(InvalidRequest, match='No byte'):
            await desk.uploads.receive(desk.alice, 'x', silent())
    assert desk.files() == []


async def test_a_full_disk_is_told_and_nothing_of_the_file_is_left(desk: Desk) -> None:
    with full_disk(after=1_500_000), pytest.raises(Unavailable, match='no room'):
        await desk.uploads.receive(desk.alice, 'x', chunks(*[bytes(65_536)] * 40))
    assert desk.files() == []
    assert (await desk.take(GOOD)).state is DONE


async def test_a_folder_that_cannot_be_made_is_told_without_its_path(desk: Desk) -> None:
    desk.folder.write_text('a file, where the folder should be')
    with pytest.raises(Unavailable) as refused:
        await desk.receive(GOOD)
    assert str(desk.folder) not in refused.value.message


async def test_a_disk_that_fills_up_while_a_file_is_read_is_told_and_it_can_be_started_again(desk: Desk) -> None:
    rows = [f'{number},x{"y" * 90}\n' for number in range(4_000)]
    ready = await desk.receive(b'customer_id,churn_score\n' + ''.join(rows).encode())
    with full_disk(after=200_000):
        await desk.start(ready.id, skip=True)
        failed = await desk.end_of(ready.id)
    assert (failed.state, 'no room' in failed.message) == (FAILED, True)
    await desk.start(ready.id)
    assert (await desk.end_of(ready.id)).rejected == 4_000


async def test_bad_rows_are_counted_and_nothing_is_taken(desk: Desk) -> None:
    failed = await desk.take(BAD)
    assert (failed.state, failed.rows, failed.rejected, failed.stored) == (FAILED, 3, 2, 0)
    assert failed.message.startswith('Nothing was taken: 2 rows are not valid. First: line 3, churn_score: ')
    assert desk.predictions() == 0


async def test_rejected_rows_are_listed_for_a_spreadsheet_that_runs_none_of_them(desk: Desk) -> None:
    failed = await desk.take(b'customer_id,churn_score\nA,=1+1\n,0.5\nA,0.5\n')
    header, first, second = desk.listed_errors(failed.id)
    assert header == ['line', 'column', 'value', 'reason']
    assert first[:3] == ['2', 'churn_score', "'=1+1"]
    assert second[:2] == ['3', 'customer_id']
    assert all(row[3] for row in (first, second))
    path = desk.uploads.errors(desk.alice, failed.id)
    assert path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_long_list_of_rejected_rows_ends_with_how_many_are_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_errors, 'MAX_LISTED', 3)
    failed = await desk.take(b'customer_id,churn_score\n' + b'A,9\n' * 5)
    listed = desk.listed_errors(failed.id)
    assert [row[0] for row in listed] == ['line', '2', '3', '4', '']
    assert listed[-1][3] == '... and 2 more rows'


async def test_a_failed_upload_can_be_started_again_without_its_bad_rows(desk: Desk) -> None:
    failed = await desk.take(BAD)
    await desk.start(failed.id, skip=True)
    done = await desk.end_of(failed.id)
    assert (done.state, done.accepted, done.rejected) == (DONE, 1, 2)
    assert len(desk.listed_errors(failed.id)) == 3
    assert desk.predictions() == 1


async def test_a_failed_upload_can_be_started_again_with_other_columns(desk: Desk) -> None:
    failed = await desk.take(b'Account,Risk\nA,0.5\n')
    assert (failed.state, desk.uploads.errors(desk.alice, failed.id)) == (FAILED, None)
    await desk.start(failed.id, mapping={'Account': 'customer_id', 'Risk': 'churn_score'})
    assert (await desk.end_of(failed.id)).accepted == 1


async def test_the_rejected_rows_are_those_of_the_last_reading(desk: Desk) -> None:
    failed = await desk.take(b'customer_id,churn_score,other\nA,5,0.5\n')
    assert desk.listed_errors(failed.id)
    await desk.start(failed.id, mapping={'other': 'churn_score'})
    done = await desk.end_of(failed.id)
    assert (done.state, done.rejected, desk.uploads.errors(desk.alice, failed.id)) == (DONE, 0, None)


async def test_a_file_that_breaks_off_has_the_rejected_rows_before_it(desk: Desk) -> None:
    failed = await desk.take(b'customer_id,churn_score\nA,5\n"B,0.5\n')
    assert (failed.state, failed.rejected) == (FAILED, 1)
    assert 'quotation mark' in failed.message
    assert [row[0] for row in desk.listed_errors(failed.id)] == ['line', '2']


async def test_when_no_row_is_good_nothing_is_taken_even_without_the_bad_ones(desk: Desk) -> None:
    failed = await desk.take(b'customer_id,churn_score\nA,5\n', skip=True)
    assert (failed.state, failed.source_id, failed.rejected) == (FAILED, None, 1)
    assert failed.message.startswith('Nothing was taken')
    assert await desk.uploads.history(desk.alice) == ()


async def test_a_preview_shows_the_file_and_takes_nothing(desk: Desk) -> None:
    ready = await desk.receive(b'Customer ID;Score\nA;0.5\n')
    preview = await desk.uploads.preview(desk.alice, ready.id)
    assert (preview.columns, preview.rows) == (('Customer ID', 'Score'), (('A', '0.5'),))
    assert desk.uploads.status(desk.alice, ready.id).state is READY
    assert desk.predictions() == 0


async def test_the_same_bytes_again_change_nothing(desk: Desk) -> None:
    first = await desk.take(GOOD)
    again = await desk.receive(GOOD, name='other.csv')
    assert (again.state, again.accepted, again.source_id) == (DONE, 0, first.source_id)
    assert again.message.startswith('These bytes were taken in already, as scores.csv at 2026-11-23 12:00 UTC')
    assert again.id != first.id
    assert desk.predictions() == 2
    assert desk.files() == []
    assert (await desk.take(GOOD, user=desk.bob)).accepted == 2


async def test_the_same_bytes_that_waited_side_by_side_are_taken_once(desk: Desk) -> None:
    one, other = await desk.receive(GOOD), await desk.receive(GOOD)
    await desk.start(one.id)
    await desk.start(other.id)
    assert (await desk.end_of(one.id)).accepted == 2
    assert 'taken in already' in (await desk.end_of(other.id)).message
    assert desk.predictions() == 2


async def test_undoing_takes_everything_back_and_the_bytes_may_come_again(desk: Desk) -> None:
    done = await desk.take(GOOD)
    assert done.source_id is not None
    removed = await desk.uploads.undo(desk.alice, done.source_id)
    assert (removed.deleted, removed.restored) == (2, 0)
    assert desk.predictions() == 0
    undone = desk.uploads.status(desk.alice, done.id)
    assert (undone.source_id, undone.message) == (None, 'This upload was undone.')
    with pytest.raises(NotFound):
        await desk.uploads.undo(desk.alice, done.source_id)
    assert (await desk.take(GOOD)).accepted == 2


async def test_another_users_uploads_cannot_be_seen_or_touched(desk: Desk) -> None:
    ready = await desk.receive(BAD)
    done = await desk.take(GOOD)
    assert done.source_id is not None
    uploads, bob = desk.uploads, desk.bob
    for use in (
        lambda: uploads.preview(bob, ready.id),
        lambda: uploads.start(bob, ready.id, mapping={}, skip_bad_rows=True),
        lambda: uploads.discard(bob, ready.id),
        lambda: uploads.undo(bob, done.source_id or 0),
    ):
        with pytest.raises(NotFound):
            await use()
    for look in (uploads.status, uploads.errors):
        with pytest.raises(NotFound):
            look(bob, ready.id)
    assert (uploads.unfinished(bob), await uploads.history(bob)) == ((), ())
    assert [status.id for status in uploads.unfinished(desk.alice)] == [ready.id]


async def test_too_many_uploads_that_are_not_done_are_refused(desk: Desk) -> None:
    received = [await desk.receive(GOOD) for _ in range(MAX_UNFINISHED)]
    with pytest.raises(RateLimited) as refused:
        await desk.receive(GOOD)
    assert refused.value.retry_after
    assert len(desk.files()) == MAX_UNFINISHED
    await desk.receive(GOOD, user=desk.bob)
    await desk.uploads.discard(desk.alice, received[0].id)
    await desk.receive(GOOD)


async def test_uploads_that_are_still_arriving_count_too(desk: Desk) -> None:
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield GOOD
        await go_on.wait()

    tasks = [asyncio.create_task(desk.uploads.receive(desk.alice, 'x', slow())) for _ in range(MAX_UNFINISHED)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited):
        await desk.receive(GOOD)
    go_on.set()
    await asyncio.gather(*tasks)


async def test_failed_uploads_keep_nobody_from_trying_again(desk: Desk) -> None:
    failed = [await desk.take(BAD + f'D{n},0\n'.encode()) for n in range(MAX_UNFINISHED + 2)]
    assert [status.state for status in failed] == [FAILED] * len(failed)
    await desk.receive(GOOD)
    with pytest.raises(InvalidRequest, match='send it again'):
        await desk.start(failed[0].id, skip=True)
    assert desk.listed_errors(failed[0].id)
    await desk.start(failed[-1].id, skip=True)
    assert (await desk.end_of(failed[-1].id)).state is DONE


async def test_one_users_files_are_taken_one_after_the_other_and_two_users_side_by_side(desk: Desk) -> None:
    desk.ingest.gate.clear()
    started = []
    for user, name in ((desk.alice, 'a1'), (desk.alice, 'a2'), (desk.bob, 'b1'), (desk.alice, 'a3')):
        ready = await desk.receive(GOOD + f'{name},0.1\n'.encode(), name=name, user=user)
        await desk.start(ready.id, user=user)
        started.append((user, ready.id))
    await until(lambda: len(desk.ingest.begun) == 2)
    await asyncio.sleep(0.05)
    assert sorted(desk.ingest.begun) == ['a1', 'b1']
    desk.ingest.gate.set()
    for user, upload_id in started:
        assert (await desk.end_of(upload_id, user=user)).state is DONE
    assert [name for name in desk.ingest.begun if name != 'b1'] == ['a1', 'a2', 'a3']


async def test_what_is_being_taken_in_or_done_is_not_started_again(desk: Desk) -> None:
    desk.ingest.gate.clear()
    ready = await desk.receive(GOOD)
    await desk.start(ready.id)
    for refuse in (desk.start(ready.id), desk.uploads.discard(desk.alice, ready.id)):
        with pytest.raises(InvalidRequest, match='being taken in'):
            await refuse
    desk.ingest.gate.set()
    await desk.end_of(ready.id)
    with pytest.raises(InvalidRequest, match='done already'):
        await desk.start(ready.id)
    assert desk.predictions() == 2


async def test_each_change_of_state_is_told_in_order_and_counts_once_a_second(desk: Desk) -> None:
    rows = ''.join(f'C{number},0.5\n' for number in range(30_000))
    done = await desk.take(b'customer_id,churn_score\n' + rows.encode())
    await until(lambda: any(status.state is DONE for _, status in desk.heard))
    heard = [status for user_id, status in desk.heard if (user_id, status.id) == (desk.alice, done.id)]
    states = [status.state for status in heard]
    assert list(dict.fromkeys(states)) == [READY, CHECKING, STORING, DONE]
    assert len(states) < 10, 'more often than once a second'
    assert [status.rows for status in heard] == sorted(status.rows for status in heard)
    assert heard[-1] == done
    assert (done.rows, done.stored, done.accepted) == (30_000, 30_000, 30_000)


async def test_counts_are_told_at_most_once_a_second(desk: Desk) -> None:
    announcements = Announcements(desk.supervisor)
    announcements.add(desk._hear)
    desk.heard.clear()
    status = UploadStatus(id='u1', name='x', state=CHECKING, bytes=1, created_at=NOW)
    for rows in range(50):
        announcements.say(desk.alice, replace(status, rows=rows))
    announcements.say(desk.alice, replace(status, rows=50, state=STORING))
    announcements.say(desk.alice, replace(status, id='u2'))
    await asyncio.sleep(0.01)
    assert [(told.id, told.rows) for _, told in desk.heard] == [('u1', 0), ('u1', 50), ('u2', 0)]


async def test_a_listener_that_fails_keeps_nobody_from_being_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_user_id: int, _status: UploadStatus) -> None:
        raise CutOff

    heard = []

    async def hear(_user_id: int, status: UploadStatus) -> None:
        heard.append(status.state)

    desk.uploads.on_progress(fail)
    desk.uploads.on_progress(hear)
    await desk.take(GOOD)
    await until(lambda: DONE in heard)


async def test_an_unexpected_failure_is_told_by_a_number_that_the_log_explains(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.ingest.broken = KeyError('secret internals')
    failed = await desk.take(GOOD)
    assert failed.state is FAILED
    assert 'secret' not in failed.message
    number = failed.message.rpartition(' ')[2].rstrip('.')
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert number in record.getMessage()
    assert record.exc_info


@pytest.mark.parametrize(
    ('error', 'message'),
    [
        (Unavailable('The database does not answer.'), 'The database does not answer.'),
        (OSError(errno.ENOSPC, 'No space left on device'), 'There is no room left'),
        (OSError(errno.EDQUOT, 'Disk quota exceeded'), 'There is no room left'),
    ],
)
async def test_what_fails_for_a_known_reason_says_so_and_can_be_tried_again(
    desk: Desk, error: Exception, message: str
) -> None:
    desk.ingest.broken = error
    failed = await desk.take(GOOD)
    assert (failed.state, failed.message[: len(message)], failed.stored) == (FAILED, message, 0)
    desk.ingest.broken = None
    await desk.start(failed.id)
    assert (await desk.end_of(failed.id)).accepted == 2


async def test_files_that_nobody_starts_go_after_an_hour(desk: Desk) -> None:
    ready, failed = await desk.receive(GOOD), await desk.take(BAD)
    desk.clock.advance(minutes=59)
    await desk.uploads.tidy(desk.alice)
    assert len(desk.uploads.unfinished(desk.alice)) == 2
    desk.clock.advance(minutes=1)
    await desk.uploads.tidy(desk.alice)
    with pytest.raises(NotFound):
        desk.uploads.status(desk.alice, ready.id)
    with pytest.raises(InvalidRequest, match='send it again'):
        await desk.start(failed.id, skip=True)
    assert [path.suffix for path in desk.files()] == ['.csv']


async def test_what_became_of_an_upload_can_be_asked_for_a_day(desk: Desk) -> None:
    failed, done = await desk.take(BAD), await desk.take(GOOD)
    desk.clock.advance(hours=23, minutes=59)
    await desk.uploads.tidy(desk.alice)
    assert desk.listed_errors(failed.id)
    desk.clock.advance(minutes=1)
    await desk.uploads.tidy(desk.alice)
    for upload_id in (failed.id, done.id):
        with pytest.raises(NotFound):
            desk.uploads.status(desk.alice, upload_id)
    assert desk.files() == []


async def test_what_is_being_taken_in_is_never_tidied_up(desk: Desk) -> None:
    desk.ingest.gate.clear()
    ready = await desk.receive(GOOD)
    await desk.start(ready.id)
    desk.clock.advance(days=3)
    await desk.uploads.tidy(desk.alice)
    desk.ingest.gate.set()
    assert (await desk.end_of(ready.id)).state is DONE


async def test_only_the_last_outcomes_are_remembered(desk: Desk) -> None:
    first = await desk.take(BAD)
    for _ in range(MAX_ENDED):
        await desk.take(BAD)
    await desk.uploads.tidy(desk.alice)
    with pytest.raises(NotFound):
        desk.uploads.status(desk.alice, first.id)
    assert len(desk.files()) == MAX_ENDED + MAX_UNFINISHED


async def test_what_an_earlier_run_left_behind_is_swept_and_a_living_one_keeps_its_files(desk: Desk) -> None:
    ready = await desk.receive(GOOD)
    (kept,) = desk.files()
    dead = desk.folder / 'dead'
    dead.mkdir()
    (dead / 'part').write_bytes(GOOD)
    (desk.folder / 'stray').write_bytes(GOOD)
    (desk.folder / 'link').symlink_to(kept.parent)
    UploadFolder(desk.folder).sweep()
    assert [path.name for path in desk.folder.iterdir()] == [kept.parent.name]
    await desk.start(ready.id)
    assert (await desk.end_of(ready.id)).state is DONE


async def test_the_first_thing_it_does_is_to_sweep(desk: Desk) -> None:
    (desk.folder / 'dead').mkdir(parents=True)
    desk.supervisor.start('uploads', desk.uploads.run)
    await until(lambda: list(desk.folder.iterdir()) == [])


async def test_at_the_end_what_is_not_committed_is_not_taken_and_no_file_is_left(desk: Desk) -> None:
    desk.ingest.gate.clear()
    ready = await desk.receive(b'customer_id,churn_score\n' + b'A,0.5\n' * 3_000)
    await desk.start(ready.id)
    await desk.receive(GOOD)
    await until(lambda: desk.ingest.begun)
    await desk.supervisor.stop()
    closing = asyncio.create_task(desk.uploads.close())
    await asyncio.sleep(0.05)
    desk.ingest.gate.set()
    await closing
    assert desk.predictions() == 0
    assert list(desk.folder.iterdir()) == []
