"""The board's exports: the link is opened by the browser, and the page says how many rows came of it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from nicegui import Client, background_tasks

from app.pages.board_services import BoardExports, BoardIdentity, Grant
from app.pages.reader import numbers_of
from components.formats import count, plural
from components.toolbar import FORMATS
from services.errors import ChurnboardError
from services.export_formats import ExportFormat
from services.export_grants import ExportState
from services.export_xlsx import MOST_ROWS
from services.query import DashboardQuery

LOOK_SECONDS = 1.0
CUT = 'The export was broken off, and what arrived is not all of it: export again.'
UNUSED = 'The browser did not fetch the export in time: export again.'
TOO_MANY = f'Excel shows the first {MOST_ROWS:,} of them.'


class Say(Protocol):
    def __call__(self, message: str, *, lasting: bool = False) -> None: ...


class BoardExporter:
    """
    :param say: tells the person.
    """

    def __init__(self, exports: BoardExports, identity: BoardIdentity, client: Client, *, say: Say) -> None:
        self._exports = exports
        self._identity = identity
        self._client = client
        self._say = say
        self._numbers = numbers_of(client)
        self._latest: Grant | None = None

    async def export(self, name: str, query: DashboardQuery) -> None:
        """
        :param name: one of the public names of formats.
        :param query: what is exported.
        """
        fmt = ExportFormat(name)
        spreadsheet = fmt is ExportFormat.CSV_EXCEL
        try:
            grant = await self._exports.grant(
                self._identity.user_id,
                query,
                fmt,
                decimal=self._numbers.decimal if spreadsheet else '.',
                right=self._identity.right,
            )
        except ChurnboardError as error:
            self._say(error.message)
            return
        self._latest = grant
        self._client.download(grant.url)
        preparing = f'Preparing {plural(grant.rows, "row", "rows")} as {FORMATS[fmt]}.'
        self._say(f'{preparing} {TOO_MANY}' if spreadsheet and grant.rows > MOST_ROWS else preparing, lasting=True)
        background_tasks.create(self._follow(grant, FORMATS[fmt]), name='follow an export')

    async def _follow(self, grant: Grant, called: str) -> None:
        """Until it has ended, or another one is told about."""
        while grant is self._latest and not self._client.is_deleted:
            await asyncio.sleep(LOOK_SECONDS)
            ended = self._ended(grant, called)
            if ended and grant is self._latest and not self._client.is_deleted:
                self._latest = None
                self._say(ended)

    def _ended(self, grant: Grant, called: str) -> str:
        try:
            status = self._exports.status(self._identity.user_id, grant.id)
        except ChurnboardError as error:
            return error.message
        of = f'{count(status.written)} of {plural(status.rows, "row was", "rows were")} downloaded as {called}.'
        ends = {ExportState.DONE: of, ExportState.FAILED: CUT, ExportState.EXPIRED: UNUSED}
        return ends.get(status.state, '')
