"""Exports of the queried predictions: a link that works once within a minute, a file in constant memory."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from math import ceil
from pathlib import Path

from sqlmodel import Session

from services.clock import Clock
from services.counters import Counters
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidToken, NotFound, RateLimited, Unavailable
from services.export_formats import ExportFormat
from services.export_grants import GONE, ExportGrant, ExportGrants, ExportRecord, ExportState
from services.export_job import ExportJob
from services.export_rows import count_all
from services.export_writers import check_size
from services.identity import Right
from services.query import DashboardQuery
from services.rate_limit import RateLimit
from services.selection import Selection
from services.user_states import UserState, user_states
from services.workers import Workers

AT_ONCE = 2
"""Exports of one user that are being fetched."""

WRITING = AT_ONCE + 1
"""Exports that are written at a time, so that nobody takes all the threads."""
COUNTING = 2
READING = 2

COUNT_SECONDS = 60.0
CLOSE_SECONDS = 2.0

TOO_OFTEN = 'Too many exports in a short time. Try again in {wait} s.'
TOO_MANY = f'{AT_ONCE} exports of yours are on their way already. The link still works when one of them is done.'
NOT_COUNTED = 'The rows could not be counted in time. Narrow the filters, or try again later.'

Lasting = Callable[[ExportGrant], Awaitable[bool]]
"""Whether a grant's owner may still have it."""


class Download:
    """An export that is being fetched."""

    def __init__(self, record: ExportRecord, job: ExportJob, readers: Workers) -> None:
        self.grant = record.grant
        self.rows = job.rows
        self.size = job.size if job.whole else None
        """In bytes, where that is known already."""
        self._record = record
        self._job = job
        self._readers = readers

    async def blocks(self) -> AsyncIterator[bytes]:
        """The file. Whatever is raised means that what was sent is not all of it."""
        self._record.state = ExportState.SENDING
        async for block in self._job.blocks(self._readers):
            self._record.written = self._job.written
            yield block
        self._record.written = self._job.written
        self._record.state = ExportState.DONE


class Exports:
    """Grants exports, and makes each granted one once.

    :param folder: where files are kept while they are being sent; they have no names.
    :param per_minute: how many one user may ask for.
    """

    def __init__(
        self,
        database: Database,
        dashboard: Dashboard,
        *,
        folder: Path,
        per_minute: int,
        counters: Counters,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._dashboard = dashboard
        self._folder = folder
        self._counters = counters
        self._clock = clock
        self._grants = ExportGrants(clock=clock)
        self._rate = RateLimit(per_second=per_minute / 60, burst=per_minute, monotonic=monotonic)
        self._fetching: Counter[int] = Counter()
        self._jobs: set[ExportJob] = set()
        self._counting = Workers(COUNTING, name='export-count')
        self._writers = Workers(WRITING, name='export-write')
        self._readers = Workers(READING, name='export-read')

    async def grant(
        self,
        user_id: int,
        query: DashboardQuery,
        fmt: ExportFormat,
        *,
        decimal: str = '.',
        right: Right,
    ) -> ExportGrant:
        """Count the rows and give out the link.

        :param decimal: the sign in numbers, for ``csv-excel``.
        :param right: what the link is to end with.
        :raises RateLimited: too many were asked for.
        :raises InvalidRequest: the format does not hold so many rows.
        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """
        if wait := self._rate.take(user_id):
            self._counters.refused('export_rate')
            raise RateLimited(TOO_OFTEN.format(wait=ceil(wait)), retry_after=wait)
        now = self._clock()
        state, selection, rows = await self._counted(user_id, query, now)
        check_size(fmt, rows)
        grant = ExportGrant(
            id=secrets.token_urlsafe(9),
            token=secrets.token_urlsafe(32),
            user_id=user_id,
            right=right,
            selection=selection,
            format=fmt,
            decimal=decimal,
            rows=rows,
            asked_by=state,
            created_at=self._clock(),
        )
        self._grants.add(grant)
        return grant

    @asynccontextmanager
    async def fetch(self, token: str, *, lasts: Lasting) -> AsyncIterator[Download]:
        """Use the link: a second time there is none. In the context the file is there to be sent.

        :raises NotFound: unknown, used, too old, or what it was given to has ended.
        :raises RateLimited: the user fetches too many already; the link is not used up.
        :raises InvalidRequest: the format does not hold so many rows.
        :raises Unavailable: it cannot be made at the moment.
        """
        record = self._grants.find(token)
        user_id = record.grant.user_id
        if self._fetching[user_id] >= AT_ONCE:
            self._counters.refused('export_streams')
            raise RateLimited(TOO_MANY, retry_after=5)
        self._grants.use(record)
        self._fetching[user_id] += 1
        try:
            if not await lasts(record.grant):
                raise NotFound(GONE)
            async with self._written(record) as download:
                yield download
        finally:
            self._fetching[user_id] -= 1
            self._fetching += Counter()  # those with nothing left are dropped
            if record.state is not ExportState.DONE:
                record.state = ExportState.FAILED

    def status(self, user_id: int, export_id: str) -> ExportRecord:
        """:raises NotFound: this user has no such export, or had it long ago."""
        return self._grants.record(user_id, export_id)

    def close(self) -> None:
        """End what is being written; blocks for a moment."""
        for job in self._jobs:
            job.stop()
        for workers in (self._counting, self._writers, self._readers):
            workers.close()
            workers.join(until=time.monotonic() + CLOSE_SECONDS)

    @asynccontextmanager
    async def _written(self, record: ExportRecord) -> AsyncIterator[Download]:
        job = ExportJob(self._database, self._dashboard, record.grant, folder=self._folder)
        self._jobs.add(job)
        try:
            job.start(self._writers)
            await job.ready()
            record.rows = job.rows
            yield Download(record, job, self._readers)
        finally:
            self._jobs.discard(job)
            job.stop()

    async def _counted(self, user_id: int, query: DashboardQuery, now: datetime) -> tuple[UserState, Selection, int]:
        counting = self._counting.submit(lambda: self._extent(user_id, query, now))
        try:
            async with asyncio.timeout(COUNT_SECONDS) as deadline:
                return await asyncio.wrap_future(counting)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise Unavailable(NOT_COUNTED, retry_after=60) from error

    def _extent(self, user_id: int, query: DashboardQuery, now: datetime) -> tuple[UserState, Selection, int]:
        """The user as of the count, the selection, and how many predictions it holds."""
        with self._database.reading(patient=True) as session:
            state = _signed_in(session, user_id)
            selection = self._dashboard.selection(user_id, query, zone=state.time_zone, now=now)
            return state, selection, count_all(session, self._dashboard, selection)


def _signed_in(session: Session, user_id: int) -> UserState:
    state = user_states(session, [user_id]).get(user_id)
    if state is None or state.disabled:
        raise InvalidToken
    return state
