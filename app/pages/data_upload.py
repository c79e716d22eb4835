"""One upload in one tab: between what its card asks for and what the service knows of it."""

from __future__ import annotations

import asyncio
import csv
import logging
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from app.pages.data_mapping import MappingChoice
from app.pages.data_pace import Pace
from app.pages.data_services import DataUploads
from app.pages.data_words import (
    FIELD_WORDS,
    choice_words,
    file_words,
    good_rows_words,
    progress_words,
)
from components.formats import count
from components.upload_card import UploadCard
from services.errors import ChurnboardError, NotFound
from services.upload_status import RUNNING, UploadState, UploadStatus

log = logging.getLogger(__name__)

FAULTS_SHOWN = 20
GONE = 'This upload is no longer here: it was removed elsewhere, or the server started anew. Bring the file in again.'
UNEXPECTED = 'Something unexpected happened; it is in the log of the server. Nothing was taken. Try again.'


class Upload:
    """Shows an upload's card as the service says it stands, and does what people decide."""

    def __init__(
        self,
        uploads: DataUploads,
        user_id: int,
        status: UploadStatus,
        *,
        on_start: Callable[[], None],
        on_end: Callable[[str], None],
        say: Callable[[str], None],
    ) -> None:
        """:param on_start: told when it is being taken in, and has to be looked at often.

        :param on_end: told the id when the card is no longer wanted.

        :param say: announces what the card shows.
        """
        self._uploads = uploads
        self._user_id = user_id
        self._status = status
        self._on_start = on_start
        self._on_end = on_end
        self._say = say
        self._shown: UploadStatus | None = None
        self._gone = False
        self._starting = False
        self._choice: MappingChoice | None = None
        self._pace = Pace()
        self.card = UploadCard(
            status.name,
            upload_id=status.id,
            fields=FIELD_WORDS,
            on_choose=self._choose,
            on_take=self._take,
            on_discard=self._discard,
        )

    @property
    def running(self) -> bool:
        return self._status.state in RUNNING and not self._gone

    async def look(self) -> None:
        """Show how the upload stands now."""
        if self._gone:
            return
        try:
            await self._show(self._uploads.status(self._user_id, self._status.id))
        except NotFound:
            self._lose()
        except ChurnboardError as error:
            self._fail(error.message)
        except Exception:  # the card must not look as if it were still going on
            log.exception('an upload could not be shown')
            self._fail(UNEXPECTED)

    async def _show(self, status: UploadStatus) -> None:
        if status == self._shown:
            return
        before, self._status, self._shown = self._shown, status, status
        if status.state in RUNNING:
            self._show_progress(status)
        elif before is None or before.state is not status.state or before.message != status.message:
            await self._show_standing(status, told=before is not None and before.state is status.state)

    def _show_progress(self, status: UploadStatus) -> None:
        storing = status.state is UploadState.STORING
        done = status.stored if storing else status.rows
        pace = self._pace.rate(status.state, done, at=asyncio.get_running_loop().time())
        good = status.rows - status.rejected
        self.card.progress.show(
            progress_words(status),
            detail=f'{count(pace)} rows/s' if pace else '',
            percent=100 * done // good if storing and good else None,
        )
        self.card.show_stage('running')

    async def _show_standing(self, status: UploadStatus, *, told: bool) -> None:
        """:param told: its state was announced before."""
        if status.state is UploadState.DONE:
            await self._show_done(status, told=told)
        elif status.state is UploadState.FAILED:
            await self._show_failed(status)
        else:
            await self._show_ready(status)

    async def _show_ready(self, status: UploadStatus) -> None:
        await self._read_preview(status)
        self.card.show_stage('ready', status.message)
        self._say(f'{status.name} is here. Say what its columns hold, then take it in.')

    async def _show_failed(self, status: UploadStatus) -> None:
        if self._choice is None:
            await self._read_preview(status)
        await self._show_faults(status)
        self.card.show_stage('rejected', status.message, faults=status.rejected > 0, good_rows=good_rows_words(status))
        self._say(f'{status.name}: {status.message}')

    async def _show_done(self, status: UploadStatus, *, told: bool) -> None:
        await self._show_faults(status)
        self.card.show_stage('done', status.message, faults=status.rejected > 0)
        if not told:  # what changes afterwards was done, and announced, elsewhere: it was undone
            self._say(f'{status.name}: {status.message}')

    async def _show_faults(self, status: UploadStatus) -> None:
        path = self._uploads.errors(self._user_id, status.id) if status.rejected else None
        if path is not None:
            self.card.faults.show(await asyncio.to_thread(_first_faults, path), rejected=status.rejected)

    async def _read_preview(self, status: UploadStatus) -> None:
        preview = await self._uploads.preview(self._user_id, status.id)
        self._choice = MappingChoice(preview.columns, preview.guessed)
        self.card.show_facts(file_words(status, preview))
        self.card.mapping.fill(preview.columns, preview.rows, self._choice.fields)
        self._show_choice(self._choice)

    def _choose(self, index: int, field: object) -> None:
        if self._choice:
            self._choice.choose(index, field)
            self._show_choice(self._choice)

    def _show_choice(self, choice: MappingChoice) -> None:
        self.card.mapping.show(chosen=choice.fields, conflicts=choice.conflicts())
        problem = choice.problem()
        self.card.show_choice(problem or choice_words(len(choice.columns), len(choice.fields)), complete=not problem)

    async def _take(self, skip_bad_rows: bool) -> None:
        if self._choice is None or self.running or self._starting:
            return
        self._starting = True
        try:
            status = await self._uploads.start(
                self._user_id, self._status.id, mapping=self._choice.mapping(), skip_bad_rows=skip_bad_rows
            )
        except NotFound:
            self._lose()
            return
        except ChurnboardError as error:
            self.card.show_stage('ready', error.message)
            self._say(f'{self._status.name}: {error.message}')
            return
        finally:
            self._starting = False
        await self._show(status)
        self._on_start()

    async def _discard(self) -> None:
        if self._status.state not in (*RUNNING, UploadState.DONE):
            try:
                await self._uploads.discard(self._user_id, self._status.id)
            except NotFound:
                pass  # that is what was wanted
            except ChurnboardError as error:
                self._say(error.message)
                return
        self._on_end(self._status.id)

    def _lose(self) -> None:
        self._gone = True
        if self._status.state is not UploadState.DONE:  # what is done may be forgotten
            self._fail(GONE)

    def _fail(self, message: str) -> None:
        self.card.show_stage('failed', message)
        self._say(f'{self._status.name}: {message}')


def _first_faults(path: Path) -> list[list[str]]:
    with path.open(newline='', encoding='utf-8') as file:
        return list(islice(csv.reader(file), 1, FAULTS_SHOWN + 1))
