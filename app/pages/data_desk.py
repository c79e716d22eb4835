"""The uploads of one tab, from their arrival until nobody wants to see them any more."""

from __future__ import annotations

import logging
from collections.abc import Callable

from nicegui import ui

from app.pages.data_services import DataUploads
from app.pages.data_upload import Upload
from app.pages.data_words import FIELD_HELP, FIELD_WORDS
from components.drop_zone import DropZone
from components.formats import NumberFormat, written_as
from components.light_element import LightElement
from services.errors import ChurnboardError
from services.file_rows import parquet_is_read
from services.upload_status import UploadStatus

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
LONGEST_ID = 100


class UploadDesk:
    """The drop zone, and a card for each upload under way; looks often while one of them goes on."""

    def __init__(
        self, uploads: DataUploads, user_id: int, *, say: Callable[[str], None], numbers: NumberFormat
    ) -> None:
        """:param say: announces what the cards show."""
        self._uploads = uploads
        self._user_id = user_id
        self._say = say
        self._numbers = numbers
        self._shown: dict[str, Upload] = {}
        self._timer: ui.timer | None = None
        fields = {name: (word, FIELD_HELP[name]) for name, word in FIELD_WORDS.items()}
        formats = f'CSV, gzipped or not{", or Parquet" if parquet_is_read() else ""}'
        with LightElement('div', 'upload-home').props('data-home'):  # for the focus of a card that goes
            DropZone(fields, formats=formats, on_arrived=self._arrived)
            self._cards = LightElement('div', 'uploads').props('data-uploads').mark('uploads')

    async def look(self) -> None:
        """Show how all uploads stand, those too that were begun before this page was opened."""
        with written_as(self._numbers):
            for status in self._uploads.unfinished(self._user_id):
                self._add(status)
            for upload in list(self._shown.values()):
                await upload.look()
            self._keep_looking()

    async def _arrived(self, upload_id: object) -> None:
        """The browser says that all of a file is here; it may say anything."""
        if not isinstance(upload_id, str) or len(upload_id) > LONGEST_ID:
            return
        try:
            self._add(self._uploads.status(self._user_id, upload_id))
        except ChurnboardError as error:
            self._say(error.message)
            return
        await self.look()

    def _add(self, status: UploadStatus) -> None:
        if status.id in self._shown:
            return
        with self._cards:
            upload = Upload(
                self._uploads,
                self._user_id,
                status,
                on_start=self._keep_looking,
                on_end=self._end,
                say=self._say,
            )
        upload.card.move(target_index=0)
        self._shown[status.id] = upload

    def _end(self, upload_id: str) -> None:
        self._shown.pop(upload_id).card.delete()

    def _keep_looking(self) -> None:
        running = any(upload.running for upload in self._shown.values())
        if running and self._timer is None:
            with self._cards:
                self._timer = ui.timer(LOOK_SECONDS, self._look_again, immediate=False)
        elif not running and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _look_again(self) -> None:
        with written_as(self._numbers):
            for upload in list(self._shown.values()):
                if upload.running:
                    await upload.look()
        self._keep_looking()
