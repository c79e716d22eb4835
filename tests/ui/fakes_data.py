"""Fakes of what the data page needs of the services: uploads whose state a test sets, and what was asked for."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from services.errors import ChurnboardError, InvalidRequest, NotFound
from services.file_rows import FileFormat, Preview
from services.models import SourceKind
from services.source_removal import Removed
from services.sources import SourceInfo
from services.upload_status import UploadState, UploadStatus
from tests.ui.fakes import NOW, FakePreferences, FakeRegistry, FakeSettings, FakeWatch

PREVIEW = Preview(
    format=FileFormat.CSV,
    compressed=False,
    columns=('Account', 'Name', 'Risk', 'Owner'),
    guessed={'Name': 'customer_name', 'Risk': 'churn_score'},
    rows=(('A-1', 'Grün <b>& Co', '0.82', 'Maria'), ('A-2', 'Blau', '0.11', 'Jo')),
)
READY = UploadStatus(id='u1', name='scores.csv', state=UploadState.READY, bytes=1_234_567, created_at=NOW)


def source(number: int, **changes: object) -> SourceInfo:
    known = SourceInfo(
        id=number,
        kind=SourceKind.FILE,
        name=f'week-{number}.csv',
        accepted=7_043,
        corrected=0,
        duplicates=0,
        rejected=0,
        created_at=NOW - timedelta(days=30 - number),
        content_hash=None,
    )
    return replace(known, **changes)  # type: ignore[arg-type]


SOURCES = (
    source(9, corrected=12),
    source(8, kind=SourceKind.API, name='', accepted=120_438),
    source(2, kind=SourceKind.SAMPLE, name='Sample data', accepted=12_480),
)


@dataclass
class FakeUploads:
    """One upload, ``upload``, if there is one; a test moves it on with :meth:`become`."""

    folder: Path
    upload: UploadStatus | None = None
    shown: Preview = PREVIEW
    sources: tuple[SourceInfo, ...] = SOURCES
    error: ChurnboardError | None = None
    """What every call that may fail raises."""
    started: list[tuple[Mapping[str, str], bool]] = field(default_factory=list)
    undone: list[tuple[int, int]] = field(default_factory=list)

    def become(self, state: UploadState, **changes: object) -> None:
        assert self.upload
        self.upload = replace(self.upload, state=state, **changes)  # type: ignore[arg-type]

    async def preview(self, user_id: int, upload_id: str) -> Preview:
        self.status(user_id, upload_id)
        self._check()
        return self.shown

    async def start(
        self, user_id: int, upload_id: str, *, mapping: Mapping[str, str], skip_bad_rows: bool
    ) -> UploadStatus:
        self.status(user_id, upload_id)
        self._check()
        self.started.append((mapping, skip_bad_rows))
        self.become(UploadState.CHECKING, rows=0, rejected=0, message='')
        return self.status(user_id, upload_id)

    def status(self, user_id: int, upload_id: str) -> UploadStatus:
        mine = {self.upload.id: self.upload} if user_id == 1 and self.upload else {}
        if upload_id not in mine:
            raise NotFound('There is no such upload.')
        return mine[upload_id]

    def unfinished(self, user_id: int) -> tuple[UploadStatus, ...]:
        over = self.upload is None or self.upload.state is UploadState.DONE
        return () if over or user_id != 1 or self.upload is None else (self.upload,)

    def errors(self, user_id: int, upload_id: str) -> Path | None:
        rejected = self.status(user_id, upload_id).rejected
        path = self.folder / 'errors.csv'
        with path.open('w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(('line', 'column', 'value', 'reason'))
            writer.writerows((line, 'churn_score', f'{line}.5', 'Write a number.') for line in range(2, rejected + 2))
        return path if rejected else None

    async def discard(self, user_id: int, upload_id: str) -> None:
        if self.status(user_id, upload_id).state in (UploadState.CHECKING, UploadState.STORING):
            raise InvalidRequest('It is being taken in.')
        self.upload = None

    async def history(self, _user_id: int) -> tuple[SourceInfo, ...]:
        self._check()
        return self.sources

    async def undo(self, user_id: int, source_id: int) -> Removed:
        self._check()
        self.undone.append((user_id, source_id))
        (gone,) = (source for source in self.sources if source.id == source_id)
        self.sources = tuple(source for source in self.sources if source is not gone)
        return Removed(deleted=gone.accepted, restored=gone.corrected)

    def _check(self) -> None:
        if self.error:
            raise self.error


@dataclass(frozen=True, kw_only=True)
class FakeState:
    revision: int
    time_zone: str = 'Europe/Berlin'


@dataclass(frozen=True, kw_only=True)
class FakeSeen:
    state: FakeState
    at: datetime


@dataclass
class FakeDataHub:
    """Has looked at ``revision``; each look is a second newer."""

    revision: int = 1
    error: ChurnboardError | None = None
    looks: int = 0
    watches: list[FakeWatch] = field(default_factory=list)
    on_change: Callable[[], Awaitable[None]] | None = None

    async def check_user(self, _user_id: int) -> None:
        if self.error:
            raise self.error

    def seen(self, _user_id: int) -> FakeSeen:
        self.looks += 1
        return FakeSeen(state=FakeState(revision=self.revision), at=NOW + timedelta(seconds=self.looks))

    def watch(self, _user_id: int, *, on_change: Callable[[], Awaitable[None]]) -> FakeWatch:
        self.on_change = on_change
        self.watches.append(FakeWatch())
        return self.watches[-1]

    async def change(self) -> None:
        """Something was committed, here or elsewhere."""
        self.revision += 1
        assert self.on_change
        await self.on_change()


@dataclass(frozen=True, kw_only=True)
class FakeDataServices:
    uploads: FakeUploads
    hub: FakeDataHub = field(default_factory=FakeDataHub)
    preferences: FakePreferences = field(default_factory=FakePreferences)
    page_registry: FakeRegistry = field(default_factory=FakeRegistry)
    settings: FakeSettings = field(default_factory=FakeSettings)
