"""Uploads: files that arrive by pieces, are looked at, taken in behind the scenes, and can be taken back."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from services.clock import Clock
from services.database import Database
from services.errors import InvalidRequest
from services.file_rows import Preview
from services.hub import LiveHub
from services.predictions import Ingest
from services.source_removal import Removed
from services.sources import SourceInfo, Sources
from services.supervision import Supervisor
from services.upload_files import ReceivedFile
from services.upload_progress import Announcements, ProgressListener
from services.upload_queue import UploadQueue
from services.upload_register import Upload, UploadRegister
from services.upload_status import UploadState, UploadStatus, base_name
from services.upload_storage import GONE, UploadStorage
from services.upload_work import Counts, Order, Outcome, UploadWork, already_taken

TIDY_SECONDS = 60.0

RUNNING = 'This upload is being taken in: wait until it is done'


class Uploads:
    """Receives files and takes them in, on threads of its own.

    :param folder: where files lie meanwhile.
    :param max_bytes: how large one may be.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database: Database,
        ingest: Ingest,
        sources: Sources,
        hub: LiveHub,
        supervisor: Supervisor,
        clock: Clock,
        max_bytes: int,
    ) -> None:
        self._database = database
        self._sources = sources
        self._hub = hub
        self._supervisor = supervisor
        self._clock = clock
        self._storage = UploadStorage(folder, max_bytes=max_bytes)
        self._queue = UploadQueue(UploadWork(ingest, sources, clock=clock))
        self._register = UploadRegister()
        self._announcements = Announcements(supervisor)

    def on_progress(self, listener: ProgressListener) -> None:
        """Call ``listener(user_id, status)`` at each change of an upload's state, and at most once a second between."""
        self._announcements.add(listener)

    async def run(self) -> None:
        """For ever: remove what earlier runs left behind, then what nobody needs any more."""
        await self._storage.sweep()
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            for user_id in self._register.users():
                await self.tidy(user_id)

    async def close(self) -> None:
        """Stop; what is not committed by now is not taken. End the supervisor's tasks before."""
        for part in (self._queue, self._storage):
            await asyncio.to_thread(part.close)

    async def receive(
        self, user_id: int, name: str, chunks: AsyncIterator[bytes], *, announced: int | None = None
    ) -> UploadStatus:
        """Keep a file until it is started; if the user's data holds these bytes already, it is done at once.

        :param announced: how many bytes will come, where that is known.
        :raises InvalidRequest: the name or the file is empty, or it stopped coming.
        :raises RateLimited: too many uploads of the user are not done.
        :raises TooLarge: it has more bytes than may come.
        :raises Unavailable: the disk is full, or the database does not answer.
        """
        name = base_name(name)
        self._storage.check_size(announced or 0)
        with self._register.arriving(user_id):
            async with self._storage.received(chunks) as file:
                known = await self._database.run(lambda: self._sources.with_hash(user_id, file.content_hash))
            upload = self._add(user_id, name, file, known)
        if known:
            await self._storage.remove(file)
        await self.tidy(user_id)
        return upload.status

    async def preview(self, user_id: int, upload_id: str) -> Preview:
        """What the file looks like.

        :raises NotFound: there is no such upload.
        :raises InvalidRequest: it cannot be read, or is no longer kept.
        """
        file = self._register.get(user_id, upload_id).file
        if file is None:
            raise InvalidRequest(GONE)
        return await self._storage.preview(file)

    async def start(
        self, user_id: int, upload_id: str, *, mapping: Mapping[str, str], skip_bad_rows: bool
    ) -> UploadStatus:
        """Check the file and take it in, in the background; also again, after it failed.

        :raises NotFound: there is no such upload.
        :raises InvalidRequest: it runs, is done, or its file is no longer kept.
        """
        upload = self._register.get(user_id, upload_id)
        if upload.running:
            raise InvalidRequest(f'{RUNNING}.')
        if upload.status.state is UploadState.DONE:
            raise InvalidRequest('This upload is done already.')
        if upload.file is None:
            raise InvalidRequest(GONE)
        upload.errors = None
        self._set(upload, replace(upload.status, state=UploadState.CHECKING, rows=0, rejected=0, message=''))
        order = Order(
            user_id=user_id,
            name=upload.status.name,
            file=upload.file,
            mapping=dict(mapping),
            skip_bad_rows=skip_bad_rows,
        )
        self._supervisor.spawn(f'upload {upload_id}', self._take(upload, order))
        return upload.status

    def status(self, user_id: int, upload_id: str) -> UploadStatus:
        """:raises NotFound: there is no such upload."""
        return self._register.get(user_id, upload_id).status

    def unfinished(self, user_id: int) -> tuple[UploadStatus, ...]:
        """The uploads that wait for somebody's decision or are being taken in, oldest first."""
        return tuple(upload.status for upload in self._register.of(user_id) if upload.pending or upload.file)

    def errors(self, user_id: int, upload_id: str) -> Path | None:
        """A CSV file of the rows that were rejected; ``None`` where there are none, or not yet.

        :raises NotFound: there is no such upload.
        """
        return self._register.get(user_id, upload_id).errors

    async def discard(self, user_id: int, upload_id: str) -> None:
        """Forget an upload and its file. What was taken in stays.

        :raises NotFound: there is no such upload.
        :raises InvalidRequest: it is being taken in.
        """
        upload = self._register.get(user_id, upload_id)
        if upload.running:
            raise InvalidRequest(f'{RUNNING}, then undo it.')
        await self._storage.remove(*self._register.forget(upload))

    async def history(self, user_id: int) -> tuple[SourceInfo, ...]:
        """Everything the user's data came from, newest first.

        :raises Unavailable: the database does not answer.
        """
        return await self._database.run(lambda: self._sources.list(user_id))

    async def undo(self, user_id: int, source_id: int) -> Removed:
        """Take a source back, and bring back what it had corrected.

        :raises NotFound: the user has no such source.
        :raises Unavailable: the database does not answer.
        """
        removed = await self._database.run(lambda: self._sources.remove(user_id, source_id), writes=True)
        for upload in self._register.of(user_id):
            if upload.status.source_id == source_id:
                upload.status = replace(upload.status, source_id=None, message='This upload was undone.')
        await self._hub.notice(user_id)
        return removed

    async def tidy(self, user_id: int) -> None:
        """Forget the user's uploads that were kept long enough, and the files of failed ones."""
        await self._storage.remove(*self._register.tidy(user_id, self._clock()))

    def _add(self, user_id: int, name: str, file: ReceivedFile, known: SourceInfo | None) -> Upload:
        now = self._clock()
        status = UploadStatus(
            id=f'u{secrets.token_hex(16)}', name=name, state=UploadState.READY, bytes=file.size, created_at=now
        )
        upload = Upload(user_id=user_id, status=status, since=now, file=None if known else file)
        if known:
            upload.status = _ended(status, already_taken(known), Counts())
        self._register.add(upload)
        self._announcements.say(user_id, upload.status)
        return upload

    async def _take(self, upload: Upload, order: Order) -> None:
        outcome, counts = await self._queue.take(order, show=partial(self._show, upload))
        if outcome.accepted or outcome.corrected:
            await self._hub.notice(order.user_id)  # before it is called done: who then looks sees the new numbers
        if counts.rejected:
            upload.errors = order.file.errors_path
        if outcome.state is UploadState.DONE:
            await self._storage.remove(*upload.without_file())
        self._set(upload, _ended(upload.status, outcome, counts))

    def _show(self, upload: Upload, counts: Counts) -> None:
        self._set(upload, replace(upload.status, **vars(counts)))

    def _set(self, upload: Upload, status: UploadStatus) -> None:
        if status.state is not upload.status.state:
            upload.since = self._clock()
        upload.status = status
        self._announcements.say(upload.user_id, status)


def _ended(status: UploadStatus, outcome: Outcome, counts: Counts) -> UploadStatus:
    stored = counts.stored if outcome.state is UploadState.DONE else 0
    return replace(status, **{**vars(counts), **vars(outcome), 'stored': stored})
