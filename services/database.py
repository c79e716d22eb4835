"""The database: engine, pool, transactions, and running blocking work off the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, RootTransaction, make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from services.database_failures import SILENT, UNKNOWN, translated_failures
from services.engines import (
    BULK_CACHE_KIB,
    BUSY_SECONDS,
    CACHE_KIB,
    asking_engine,
    postgresql_engine,
    sqlite_engine,
)
from services.errors import Unavailable
from services.workers import Workers

T = TypeVar('T')

READERS = 4
WRITERS = 2
OTHERS = 9
"""Connections of work that has threads of its own: long files, queries that take long, and exports."""

READ_SECONDS = 8.0
WRITE_SECONDS = 60.0
"""How long somebody waits for the work of a thread; less would call a writer lost that only waits its turn."""

CLOSE_SECONDS = 5.0
"""How long work that has begun may take to finish at the end."""


class Database:
    """One database, SQLite or PostgreSQL, with a bounded number of connections and worker threads.

    Readers and writers have threads of their own: writers that wait for each other keep no reader waiting.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._asking = asking_engine(engine, connections=READERS)
        self._readers = Workers(READERS, name='database-read')
        self._writers = Workers(WRITERS, name='database-write')

    @classmethod
    def open(cls, url: str) -> Self:
        """Create the engine; nothing is connected yet.

        :raises ValueError: the URL is not one of SQLite or PostgreSQL.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == 'sqlite':
            return cls(sqlite_engine(parsed, connections=READERS + WRITERS + OTHERS))
        if parsed.get_backend_name() == 'postgresql':
            return cls(postgresql_engine(parsed, connections=READERS + WRITERS + OTHERS))
        raise ValueError('only sqlite:// and postgresql:// are supported')

    @property
    def is_sqlite(self) -> bool:
        return self.dialect == 'sqlite'

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self, *, patient: bool = False) -> Iterator[Session]:
        """A transaction that reads one state of the database; whatever it changed is rolled back.

        :param patient: nobody waits for the answer, so that a statement may take as long as a writer's.
        :raises Unavailable: the database does not answer.
        """
        with translated_failures(SILENT), self.engine.connect() as connection:
            if patient:
                connection.execution_options(patient=True)
            with Session(connection) as session:
                yield session

    @contextmanager
    def writing(
        self, *, wait: float = BUSY_SECONDS, staging: Callable[[Session], None] | None = None
    ) -> Iterator[Session]:
        """A transaction that is committed at the end, or rolled back as a whole.

        :param wait: how many seconds another writer may keep this one waiting.
        :param staging: fills temporary tables of the same connection first, without keeping any writer waiting.
        :raises Unavailable: the database does not answer, or another writer holds it for too long.
        """
        if staging and self.is_sqlite:
            with self.staged(staging) as staged, staged.writing(wait=wait) as session:
                yield session
        else:
            with (
                translated_failures(f'{SILENT} Nothing was changed.'),
                self.engine.connect() as connection,
                _writing(connection, wait) as session,
            ):
                if staging:
                    staging(session)
                yield session

    @contextmanager
    def staged(self, staging: Callable[[Session], None]) -> Iterator[Staged]:
        """A connection for a long file: what is staged is there in each of its transactions.

        SQLite's temporary tables need no lock of the database, so that nobody waits while they are filled.
        """
        with translated_failures(f'{SILENT} Nothing was changed.'), self.engine.connect() as connection:
            connection.exec_driver_sql(f'PRAGMA cache_size=-{BULK_CACHE_KIB}')
            connection.rollback()
            staged = Staged(connection)
            try:
                with staged.reading() as session:
                    staging(session)
                yield staged
            finally:
                connection.rollback()
                connection.exec_driver_sql(f'PRAGMA cache_size=-{CACHE_KIB}')

    def asked(self, statement: str, parameters: Mapping[str, str]) -> Sequence[Sequence[Any]]:
        """The rows that one statement reads, all of one state of the database. This blocks.

        A connection that was lost since it was used last is made again.

        :param statement: in the words of the driver.
        :raises Unavailable: the database does not answer.
        """
        with translated_failures(SILENT):
            try:
                return self._rows(statement, parameters)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._rows(statement, parameters)

    def _rows(self, statement: str, parameters: Mapping[str, str]) -> Sequence[Sequence[Any]]:
        with self._asking.connect() as connection:
            return connection.exec_driver_sql(statement, dict(parameters)).all()

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in a reading transaction on a worker thread."""
        return await self.run(lambda: self._within(self.reading, work))

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in a writing transaction on a worker thread; when this returns, it is committed."""
        return await self.run(lambda: self._within(self.writing, work), writes=True)

    async def run(self, work: Callable[[], T], *, writes: bool = False) -> T:
        """Run blocking work on one of the database's worker threads.

        :raises Unavailable: it is not done in time; a thread that hangs in the driver is left behind.
        """
        workers, seconds, late = (
            (self._writers, WRITE_SECONDS, UNKNOWN) if writes else (self._readers, READ_SECONDS, SILENT)
        )
        future = asyncio.wrap_future(workers.submit(work))
        try:
            async with asyncio.timeout(seconds) as deadline:
                return await future
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise Unavailable(late, retry_after=5) from error

    def close(self) -> None:
        """Begin nothing more, and wait for what has begun, but not for ever."""
        self._readers.close()
        self._writers.close()
        until = time.monotonic() + CLOSE_SECONDS
        self._readers.join(until=until)
        self._writers.join(until=until)
        self.engine.dispose()
        self._asking.dispose()

    @staticmethod
    def _within(transaction: Callable[[], Any], work: Callable[[Session], T]) -> T:
        with transaction() as session:
            return work(session)


class Staged:
    """One connection whose temporary tables outlive its transactions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that keeps no writer waiting; what it writes to temporary tables stays."""
        self._connection.execution_options(writes=False)
        with self._connection.begin(), Session(self._connection) as session:
            yield session
            session.flush()

    @contextmanager
    def writing(self, *, wait: float = BUSY_SECONDS) -> Iterator[Session]:
        """As :meth:`Database.writing`."""
        with _writing(self._connection, wait) as session:
            yield session


@contextmanager
def _writing(connection: Connection, wait: float) -> Iterator[Session]:
    connection.execution_options(writes=True, wait_ms=round(wait * 1000))
    with connection.begin() as transaction:
        with Session(connection, expire_on_commit=False) as session:
            yield session
            session.flush()
        _commit(transaction)


def _commit(transaction: RootTransaction) -> None:
    """:raises Unavailable: the connection broke while the answer was under way."""
    try:
        transaction.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(UNKNOWN, retry_after=5) from error
        raise
