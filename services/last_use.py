"""When something was last used: written beside the requests, for many at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from services.clock import Clock, to_micros
from services.database import Database
from services.errors import Unavailable
from services.last_known import LastKnown

log = logging.getLogger(__name__)

REMEMBERED = 10_000

Write = Callable[[Session, frozenset[str], int], None]
"""Writes that those with these hashes were used, in microseconds since 1970; not if another server has just done it."""


class LastUse:
    """Notes uses at no cost for whoever uses something; :meth:`run` writes them down."""

    def __init__(
        self,
        database: Database,
        write: Write,
        *,
        of: str,
        precision: timedelta,
        clock: Clock,
        gather: timedelta = timedelta(),
    ) -> None:
        """
        :param of: what is used, for the log: "API keys".
        :param precision: the last use of one is written at most so often.
        :param gather: how long uses are waited for that can be written together.
        """
        self._database = database
        self._write = write
        self._of = of
        self._precision = precision
        self._gather = gather.total_seconds()
        self._clock = clock
        self._noted: LastKnown[datetime] = LastKnown(size=REMEMBERED)
        self._pending: set[str] = set()
        self._wanted = asyncio.Event()

    def note(self, *hashes: str) -> None:
        """These were used just now."""
        self.note_all(hashes)

    def note_all(self, hashes: Iterable[str]) -> None:
        """The same of very many."""
        now = self._clock()
        for each in hashes:
            before = self._noted.get(each)
            if before is None or abs(now - before) >= self._precision:
                self._noted.put(each, now)
                self._pending.add(each)
        if self._pending:
            self._wanted.set()

    async def run(self) -> None:
        """Write for ever, as soon as there is something, and what else came meanwhile."""
        while True:
            await self._wanted.wait()
            await asyncio.sleep(self._gather)
            self._wanted.clear()
            await self.write()

    async def write(self) -> None:
        """Write what was noted. Where that fails it is lost, and the next use that is noted is not."""
        used, self._pending = frozenset(self._pending), set()
        if not used:
            return
        try:
            await self._database.write(partial(self._written, used=used, now=to_micros(self._clock())))
        except Unavailable as error:
            log.warning('When %s were used could not be written: %s', self._of, error.message)

    def _written(self, session: Session, *, used: frozenset[str], now: int) -> None:
        self._write(session, used, now)
