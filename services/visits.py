"""When each person was here last: what "since your last visit" on a board is counted from."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import BigInteger, Column, ForeignKey, text
from sqlmodel import Field, Session, SQLModel

from services.clock import MICROSECOND, Clock, from_micros, to_micros
from services.coalescing import Coalescing
from services.database import Database
from services.errors import Unavailable
from services.last_known import LastKnown
from services.many_users import AMONG_USERS, dialect_of, for_driver, users_parameter
from services.revisions import raise_revision

log = logging.getLogger(__name__)

PAUSE = timedelta(minutes=30)
"""A visit has ended when no page of the person was connected for so long."""

NOTED_SECONDS = 60.0
"""How often it is written down that somebody is still here: by so much a visit is too short if the server dies."""

KEPT = 2_000


class Visit(SQLModel, table=True):
    """A person's present visit, or the last one, and the end of that before it."""

    __tablename__ = 'visit'
    __table_args__ = ({'sqlite_with_rowid': False},)

    user_id: int = Field(
        sa_column=Column(ForeignKey('user.id', ondelete='CASCADE'), primary_key=True, autoincrement=False)
    )
    since_at: int | None = Field(default=None, sa_type=BigInteger)
    """When the visit before ended, or what there was until then was marked as seen; null in the first visit."""
    since_arrivals: int | None = Field(default=None, sa_type=BigInteger)
    """The last arrival number there was then."""
    seen_at: int = Field(sa_type=BigInteger)
    """When a page of the person was connected last, as far as that is written down."""
    seen_arrivals: int = Field(sa_type=BigInteger)
    """The last arrival number there was then."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """An instant in a person's data: what had been committed by then has arrival numbers up to ``arrivals``."""

    at: datetime
    arrivals: int


READ = {
    name: for_driver(
        f'SELECT user_id, since_at, since_arrivals, seen_at, seen_arrivals FROM visit WHERE user_id {among}', name
    )
    for name, among in AMONG_USERS.items()
}
"""A reader's pages ask for it every few seconds while the data changes: with no session around it."""

NOTE = """
    INSERT INTO visit (user_id, since_at, since_arrivals, seen_at, seen_arrivals)
    SELECT r.user_id, NULL, NULL, :now, r.arrivals FROM user_revision r WHERE r.user_id {among_users}
    ON CONFLICT (user_id) DO UPDATE SET
        since_at = CASE WHEN visit.seen_at <= :ended THEN visit.seen_at ELSE visit.since_at END,
        since_arrivals = CASE WHEN visit.seen_at <= :ended THEN visit.seen_arrivals ELSE visit.since_arrivals END,
        seen_at = excluded.seen_at, seen_arrivals = excluded.seen_arrivals
    WHERE excluded.seen_at >= visit.seen_at
"""
"""Somebody is here: goes on with the visit, or begins another one if the last has ended. Never back in time."""

MARK = """
    UPDATE visit SET since_at = :at, since_arrivals = :arrivals
    WHERE user_id = :user AND (since_arrivals IS NULL OR since_arrivals <= :arrivals)
"""


class Presence:
    """An open page. It is connected from the start until it says otherwise."""

    def __init__(self, visits: Visits, user_id: int) -> None:
        self._visits = visits
        self._user_id = user_id
        self._here = False
        self.come()

    def come(self) -> None:
        """The browser is connected; saying so twice is the same as once."""
        if not self._here:
            self._here = True
            self._visits.came(self._user_id)

    def leave(self) -> None:
        """It is connected no longer: it may come back."""
        if self._here:
            self._here = False
            self._visits.left(self._user_id)


class Visits:
    """Knows whose pages are connected to this process; :meth:`run` writes down when that was last so.

    Whoever comes or goes waits for nothing.
    """

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._pages: Counter[int] = Counter()
        self._pending: set[int] = set()
        self._wanted = asyncio.Event()
        self._since: LastKnown[tuple[int, Moment | None]] = LastKnown(size=KEPT)
        """Since when, as it was read in which revision."""
        self._reads: Coalescing[int, Moment] = Coalescing(self._read, name='visits')

    def open(self, user_id: int) -> Presence:
        """A page of the user is there from now on."""
        return Presence(self, user_id)

    def came(self, user_id: int) -> None:
        """A page is connected."""
        if not self._pages[user_id]:
            self._since.drop(user_id)  # it may be another visit
        self._pages[user_id] += 1
        self._note(user_id)

    def left(self, user_id: int) -> None:
        """A page that was connected is so no longer."""
        self._pages[user_id] -= 1
        if not self._pages[user_id]:
            del self._pages[user_id]
        self._note(user_id)

    async def since(self, user_id: int, *, revision: int) -> Moment | None:
        """The end of the user's visit before this one; ``None``: there was none.

        :param revision: the user's, which is raised when something is marked as seen.
        :raises Unavailable: the database does not answer.
        """
        known = self._since.get(user_id)
        if known is None or known[0] < revision:
            known = revision, await self._reads.get(user_id)
            self._since.put(user_id, known)
        return known[1]

    async def mark_seen(self, user_id: int, upto: Moment) -> None:
        """Count from that moment on, in every tab.

        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """
        await self._database.write(partial(_mark, user_id=user_id, upto=upto))

    async def run(self) -> None:
        """Write for ever: as soon as somebody comes or goes, and now and then of those who are here."""
        loop = asyncio.get_running_loop()
        due = loop.time() + NOTED_SECONDS
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), max(0.0, due - loop.time()))
            self._wanted.clear()
            if loop.time() >= due:
                due = loop.time() + NOTED_SECONDS
                self._pending |= set(self._pages)
            await self.write()

    async def write(self) -> None:
        """Write down who was here just now. What fails is tried again the next time."""
        users, self._pending = self._pending, set()
        if not users:
            return
        try:
            await self._database.write(partial(_note, users=users, now=self._clock()))
        except Unavailable as error:
            self._pending |= users & set(self._pages)
            log.warning('Who is here could not be written down: %s', error.message)

    async def close(self) -> None:
        """Write down who is here at the end."""
        self._pending |= set(self._pages)
        await self.write()

    def _note(self, user_id: int) -> None:
        self._pending.add(user_id)
        self._wanted.set()

    async def _read(self, user_ids: Collection[int]) -> dict[int, Moment]:
        dialect = self._database.dialect
        parameters = users_parameter(user_ids, dialect)
        rows = await self._database.run(lambda: self._database.asked(READ[dialect], parameters))
        return {user_id: since for user_id, *visit in rows if (since := self._since_of(*visit))}

    def _since_of(
        self, since_at: int | None, since_arrivals: int | None, seen_at: int, seen_arrivals: int
    ) -> Moment | None:
        """As it will be once it is written down that the user is here."""
        if seen_at <= to_micros(self._clock() - PAUSE):
            return Moment(at=from_micros(seen_at), arrivals=seen_arrivals)
        if since_at is None or since_arrivals is None:
            return None
        return Moment(at=from_micros(since_at), arrivals=since_arrivals)


def _note(session: Session, *, users: set[int], now: datetime) -> None:
    dialect = dialect_of(session)
    moments = {'now': to_micros(now), 'ended': to_micros(now) - PAUSE // MICROSECOND}
    statement = text(NOTE.format(among_users=AMONG_USERS[dialect]))
    session.connection().execute(statement, users_parameter(users, dialect) | moments)


def _mark(session: Session, *, user_id: int, upto: Moment) -> None:
    raise_revision(session, user_id)
    session.execute(text(MARK), {'user': user_id, 'at': to_micros(upto.at), 'arrivals': upto.arrivals})
