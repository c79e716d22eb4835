"""One export on its way: a thread writes it from one state of the database, as fast as that answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event

from sqlmodel import Session

from services.dashboard import Dashboard
from services.database import Database
from services.errors import NotFound, Unavailable
from services.export_grants import GONE, ExportGrant
from services.export_rows import count_of, is_unchanged, pages
from services.export_spool import Spool
from services.export_writers import row_writer
from services.user_states import user_states
from services.workers import Workers

CUT = 'The export could not be completed: the data changed in a way that was not foreseen. Start it again.'
STOPPED = 'The export was ended. Start it again.'

BREATH = 0.002
"""Seconds between two pages in which the thread leaves the interpreter to the others."""


class ExportJob:
    """Written on a thread of its own, and sent from the loop. Between them are only numbers that grow."""

    def __init__(self, database: Database, dashboard: Dashboard, grant: ExportGrant, *, folder: Path) -> None:
        self.grant = grant
        self.rows = grant.rows
        """What the file will hold; known for certain once anything of it is there."""
        self.written = 0
        self.size = 0
        """Bytes that may be sent."""
        self.whole = False
        self._database = database
        self._dashboard = dashboard
        self._folder = folder
        self._spool: Spool | None = None
        self._stopped = Event()
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._writing: Future[None] | None = None

    def start(self, writers: Workers) -> None:
        self._writing = writers.submit(self._write)
        self._writing.add_done_callback(self._tell)

    def stop(self) -> None:
        """End the writing, and let the file go as soon as nobody uses it any more. Does not wait."""
        self._stopped.set()
        if self._writing:
            self._writing.add_done_callback(lambda _: self._close())

    async def ready(self) -> None:
        """Wait until something can be sent.

        :raises NotFound: the user is no more.
        :raises InvalidRequest: the format does not hold so much.
        :raises Unavailable: the database does not answer, the disk is full, or the rows are not as many as were
            counted.
        """
        while not (self.size or self.whole):
            await self._news()

    async def blocks(self, readers: Workers) -> AsyncIterator[bytes]:
        """What is written, until all of it is there; raises as :meth:`ready`."""
        start = 0
        while not (self.whole and start == self.size):
            if start == self.size:
                await self._news()
                continue
            block = await asyncio.wrap_future(readers.submit(partial(self._read, start)))
            if not block:
                raise Unavailable(STOPPED)
            start += len(block)
            yield block

    async def _news(self) -> None:
        """Wait for the thread to say something; its failure is ours."""
        assert self._writing is not None
        if self._writing.done():
            self._writing.result()
        else:
            await self._changed.wait()
            self._changed.clear()

    def _read(self, start: int) -> bytes:
        assert self._spool is not None
        return self._spool.read(start, self.size)

    def _tell(self, _done: object = None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._changed.set)

    def _close(self) -> None:
        if self._spool:
            self._spool.close()

    def _write(self) -> None:
        with self._database.reading(patient=True) as session:
            self._count(session)
            self._spool = Spool(self._folder)
            self._write_rows(session, self._spool)

    def _count(self, session: Session) -> None:
        """The rows were counted when the link was given; again only where that may have changed since."""
        grant = self.grant
        now = user_states(session, [grant.user_id]).get(grant.user_id)
        if now is None:
            raise NotFound(GONE)
        if not is_unchanged(grant.selection, grant.asked_by, now):
            self.rows = count_of(session, self._dashboard, grant.selection, last_arrival=grant.last_arrival)

    def _write_rows(self, session: Session, spool: Spool) -> None:
        grant, bands = self.grant, self.grant.selection.bands
        writer = row_writer(spool.file, grant.format, bands=bands, rows=self.rows, decimal=grant.decimal)
        with closing(writer):
            for page in pages(session, self._dashboard, grant.selection, last_arrival=grant.last_arrival):
                if self._stopped.is_set():
                    raise Unavailable(STOPPED)
                writer.write(page)
                self.written += len(page)
                size = spool.flush()
                if grant.format.is_sent_while_written:
                    self.size = size
                    self._tell()
                time.sleep(BREATH)
            if self.written != self.rows:
                raise Unavailable(CUT)
            writer.finish()
        self.size = spool.flush()
        self.whole = True
        self._tell()
