"""Taking a received file in, on a thread of its own: what it tells on the way, and what became of it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Event

from services.clock import Clock
from services.errors import ChurnboardError
from services.file_rows import read_rows
from services.models import SourceKind
from services.predictions import Ingest, IngestResult
from services.sources import SourceInfo, Sources
from services.upload_errors import RejectedRows
from services.upload_files import FULL, NO_ROOM, ReceivedFile
from services.upload_status import UploadState

log = logging.getLogger(__name__)

SHOWN_SECONDS = 0.2
"""How often counts are passed on to the event loop."""

MAX_IGNORED = 10
"""Unused columns that are named."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be taken in, and how."""

    user_id: int
    name: str
    file: ReceivedFile
    mapping: Mapping[str, str]
    skip_bad_rows: bool


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How far a file is; the names are those of ``UploadStatus``."""

    state: UploadState = UploadState.CHECKING
    rows: int = 0
    stored: int = 0
    rejected: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a file; the names are those of ``UploadStatus``."""

    state: UploadState
    message: str
    accepted: int = 0
    corrected: int = 0
    duplicates: int = 0
    source_id: int | None = None


class Stopped(Exception):
    """The server ends: what was not committed is not taken."""


class Progress:
    """Brings counts from a worker's thread to the event loop, and the wish to stop the other way.

    :param show: called on the event loop that this is made on: now and then, and when the state changes.
    """

    def __init__(self, show: Callable[[Counts], None], *, stopping: Event) -> None:
        self.counts = Counts()
        self._show = show
        self._stopping = stopping
        self._loop = asyncio.get_running_loop()
        self._shown_at = float('-inf')

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def read(self, rows: int, rejected: int) -> None:
        self._count(Counts(rows=rows, rejected=rejected))

    def stored(self, rows: int) -> None:
        self._count(replace(self.counts, state=UploadState.STORING, stored=rows))

    def _count(self, counts: Counts) -> None:
        """:raises Stopped: nobody waits for the rest."""
        if self.stopping:
            raise Stopped
        changed = counts.state is not self.counts.state
        self.counts = counts
        now = time.monotonic()
        if changed or now - self._shown_at >= SHOWN_SECONDS:
            self._shown_at = now
            self._loop.call_soon_threadsafe(self._show, counts)


class UploadWork:
    """Checks and stores files; blocks for as long as that takes."""

    def __init__(self, ingest: Ingest, sources: Sources, *, clock: Clock) -> None:
        self._ingest = ingest
        self._sources = sources
        self._clock = clock

    def run(self, order: Order, progress: Progress) -> Outcome:
        """Whatever goes wrong is an outcome, too.

        :raises Stopped: the server ends.
        """
        try:
            return self._take(order, progress)
        except ChurnboardError as error:
            return _failed(error.message)
        except Exception as error:
            if progress.stopping:  # a driver may have wrapped our own way out
                raise Stopped from error
            if isinstance(error, OSError) and error.errno in FULL:
                return _failed(NO_ROOM)
            number = secrets.token_hex(4)
            log.exception('Error %s: an upload of user %s could not be taken in', number, order.user_id)
            return _failed(
                f'Something went wrong here, and nothing was taken. The log of the server tells it as {number}.'
            )

    def _take(self, order: Order, progress: Progress) -> Outcome:
        # looked at once more: the same bytes may have been waiting before these
        source = self._sources.with_hash(order.user_id, order.file.content_hash)
        if source:
            return already_taken(source)
        rejected = RejectedRows(order.file.errors_path)
        try:
            with order.file.open() as stream, rejected:
                file = read_rows(stream, now=self._clock(), mapping=order.mapping)
                result = self._ingest.take(
                    order.user_id,
                    file,
                    kind=SourceKind.FILE,
                    name=order.name,
                    skip_bad_rows=order.skip_bad_rows,
                    progress=progress.read,
                    stored=progress.stored,
                    rejected_rows=rejected.add,
                    content_hash=order.file.content_hash,
                )
        finally:
            progress.counts = replace(progress.counts, rejected=rejected.rows)
        return _taken(result, file.ignored)


def already_taken(source: SourceInfo) -> Outcome:
    """:param source: what holds the same bytes."""
    return Outcome(
        state=UploadState.DONE,
        message=(
            f'These bytes were taken in already, as {source.name} at {source.created_at:%Y-%m-%d %H:%M} UTC: '
            'nothing was changed. To take them in anew, undo that first.'
        ),
        source_id=source.id,
    )


def _taken(result: IngestResult, ignored: tuple[str, ...]) -> Outcome:
    if result.source_id is None:
        return _failed(f'Nothing was taken: none of the rows is valid, {result.rejected:,} were rejected.')
    rows = '1 row' if result.accepted == 1 else f'{result.accepted:,} rows'
    counted = (
        f'{rows} taken, {result.corrected:,} corrected, {result.duplicates:,} duplicates, {result.rejected:,} rejected.'
    )
    return Outcome(
        state=UploadState.DONE,
        message=f'{counted}{_unused(ignored)}',
        accepted=result.accepted,
        corrected=result.corrected,
        duplicates=result.duplicates,
        source_id=result.source_id,
    )


def _failed(message: str) -> Outcome:
    return Outcome(state=UploadState.FAILED, message=message)


def _unused(ignored: tuple[str, ...]) -> str:
    more = f' and {len(ignored) - MAX_IGNORED} more' if len(ignored) > MAX_IGNORED else ''
    return f' Unused columns: {", ".join(ignored[:MAX_IGNORED])}{more}.' if ignored else ''
