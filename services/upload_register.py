"""The uploads of this run: whose they are, how many a user may have, and how long they are remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from services.errors import NotFound, RateLimited
from services.upload_files import ReceivedFile
from services.upload_status import RUNNING, UploadState, UploadStatus

MAX_UNFINISHED = 5
"""Uploads of a user that arrive, wait for their start or are being taken in; as many failed ones keep their file."""

MAX_ENDED = 20
"""Uploads of a user that are over and can still be asked about."""

FILE_KEPT = timedelta(hours=1)
"""How long the file of an upload is kept that was not started, or failed."""

OUTCOME_KEPT = timedelta(days=1)
"""How long one can ask what became of an upload."""

RETRY_SECONDS = 10.0


@dataclass(kw_only=True, eq=False)
class Upload:
    """An upload of this run, changed on the event loop only."""

    user_id: int
    status: UploadStatus
    since: datetime
    """When it came into its state."""
    file: ReceivedFile | None = None
    """Its bytes, while they are kept."""
    errors: Path | None = None
    """The rows that its last reading rejected."""

    @property
    def running(self) -> bool:
        return self.status.state in RUNNING

    @property
    def pending(self) -> bool:
        """It waits for its start, or runs."""
        return self.running or self.status.state is UploadState.READY

    def without_file(self) -> list[ReceivedFile]:
        """Let go of its bytes; they are to be removed."""
        file, self.file = self.file, None
        return [file] if file else []


class UploadRegister:
    """Remembers each user's uploads, oldest first."""

    def __init__(self) -> None:
        self._uploads: dict[int, dict[str, Upload]] = {}
        self._arriving: Counter[int] = Counter()

    @contextmanager
    def arriving(self, user_id: int) -> Iterator[None]:
        """An upload of the user is on its way.

        :raises RateLimited: too many others are not done yet.
        """
        pending = sum(upload.pending for upload in self.of(user_id))
        if pending + self._arriving[user_id] >= MAX_UNFINISHED:
            raise RateLimited(
                f'{MAX_UNFINISHED} of your uploads are not done yet: wait for one, start it or discard it.',
                retry_after=RETRY_SECONDS,
            )
        self._arriving[user_id] += 1
        try:
            yield
        finally:
            self._arriving[user_id] -= 1

    def add(self, upload: Upload) -> None:
        self._uploads.setdefault(upload.user_id, {})[upload.status.id] = upload

    def of(self, user_id: int) -> list[Upload]:
        return list(self._uploads.get(user_id, {}).values())

    def get(self, user_id: int, upload_id: str) -> Upload:
        """:raises NotFound: the user has no such upload, or it was forgotten."""
        upload = self._uploads.get(user_id, {}).get(upload_id)
        if upload is None:
            raise NotFound(
                'There is no such upload: a day after its end, or when the server starts anew, it is forgotten. '
                'The list of your sources shows what was taken in.'
            )
        return upload

    def forget(self, upload: Upload) -> list[ReceivedFile | Path]:
        """Returns what is to be removed from the disk."""
        uploads = self._uploads.get(upload.user_id, {})
        uploads.pop(upload.status.id, None)
        if not uploads:
            self._uploads.pop(upload.user_id, None)
        return [*upload.without_file(), *filter(None, [upload.errors])]

    def users(self) -> list[int]:
        return list(self._uploads)

    def tidy(self, user_id: int, now: datetime) -> list[ReceivedFile | Path]:
        """Forget the user's uploads, and let go of files, that nobody needs to keep; as ``forget``."""
        gone = [file for upload in self._outdated(user_id, now) for file in self.forget(upload)]
        failed = [upload for upload in self.of(user_id) if upload.file and not upload.pending]
        return gone + [
            file
            for place, upload in enumerate(reversed(failed))
            if place >= MAX_UNFINISHED or now - upload.since >= FILE_KEPT
            for file in upload.without_file()
        ]

    def _outdated(self, user_id: int, now: datetime) -> list[Upload]:
        uploads = self.of(user_id)
        surplus = [upload for upload in uploads if not upload.pending][:-MAX_ENDED]
        return [upload for upload in uploads if upload in surplus or _is_outdated(upload, now)]


def _is_outdated(upload: Upload, now: datetime) -> bool:
    kept = FILE_KEPT if upload.status.state is UploadState.READY else OUTCOME_KEPT
    return not upload.running and now - upload.since >= kept
