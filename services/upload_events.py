"""``upload_progress``: how uploads go on, for the live connections of their user."""

from __future__ import annotations

from services.emitter import Emitter
from services.upload_progress import ProgressListener
from services.upload_status import UploadStatus


def pushing(emitter: Emitter) -> ProgressListener:
    """A listener for ``Uploads.on_progress``."""

    async def push(user_id: int, status: UploadStatus) -> None:
        payload = {'id': status.id, 'rows': status.rows, 'rejected': status.rejected, 'state': status.state.value}
        emitter.push(user_id, 'upload_progress', payload)

    return push
