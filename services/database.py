"""The database: engine, pool, transactions, and running blocking work off the event loop."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, RootTransaction, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from services.errors import Unavailable
from services.workers import Workers

T = TypeVar('T')

READERS = 4
WRITERS = 2
POOL_SIZE = READERS + WRITERS

BUSY_SECONDS = 15
"""How long a writer waits for another one, which may be taking in a long file."""

READ_SECONDS = 8.0
WRITE_SECONDS = 60.0
"""How long somebody waits for the work of a thread; less would call a writer lost that only waits its turn."""

CLOSE_SECONDS = 5.0
"""How long work that has begun may take to finish at the end."""

READ_STATEMENT_MS = 5_000
WRITE_STATEMENT_MS = 600_000

SILENT = 'The database does not answer at the moment.'
UNKNOWN = 'The database did not answer in time. Whether the change was made is not known: look before you try again.'


class Database:
    """One database, SQLite or PostgreSQL, with at most ``POOL_SIZE`` connections and as many worker threads.

    Readers and writers have threads of their own: writers that wait for each other keep no reader waiting.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._readers = Workers(READERS, name='database-read')
        self._writers = Workers(WRITERS, name='database-write')

    @classmethod
    def open(cls, url: str) -> Self:
        """Create the engine; nothing is connected yet.

        :raises ValueError: the URL is not one of SQLite or PostgreSQL.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == 'sqlite':
            return cls(_sqlite_engine(parsed))
        if parsed.get_backend_name() == 'postgresql':
            return cls(_postgresql_engine(parsed))
        raise ValueError('only sqlite:// and postgresql:// are supported')

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == 'sqlite'

    @contextmanager
    def reading(self, *, patient: bool = False) -> Iterator[Session]:
        """A transaction that reads one state of the database; whatever it changed is rolled back.

        :param patient: nobody waits for the answer, so that a statement may take as long as a writer's.
        :raises Unavailable: the database does not answer.
        """
        options = {'patient': patient}
        with (
            _translated_failures(SILENT),
            self.engine.connect().execution_options(**options) as connection,
            Session(connection) as session,
        ):
            yield session

    @contextmanager
    def writing(self, *, wait: float = BUSY_SECONDS) -> Iterator[Session]:
        """A transaction that is committed at the end, or rolled back as a whole.

        :param wait: how many seconds another writer may keep this one waiting.
        :raises Unavailable: the database does not answer, or another writer holds it for too long.
        """
        options = {'writes': True, 'wait_ms': round(wait * 1000)}
        with (
            _translated_failures(f'{SILENT} Nothing was changed.'),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin() as transaction,
        ):
            with Session(connection, expire_on_commit=False) as session:
                yield session
                session.flush()
            _commit(transaction)

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

    @staticmethod
    def _within(transaction: Callable[[], Any], work: Callable[[Session], T]) -> T:
        with transaction() as session:
            return work(session)


@contextmanager
def _translated_failures(silent: str) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable(silent, retry_after=5) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable('The connection to the database was lost. Try again.', retry_after=5) from error
        raise


def _commit(transaction: RootTransaction) -> None:
    """:raises Unavailable: the connection broke while the answer was under way."""
    try:
        transaction.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(UNKNOWN, retry_after=5) from error
        raise


def _sqlite_engine(url: URL) -> Engine:
    if url.database and url.database != ':memory:':
        _make_private(Path(url.database))
    engine = create_engine(
        url.set(drivername='sqlite'),  # whatever driver was named: the others are not for threads
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=3,
        hide_parameters=True,
        connect_args={'check_same_thread': False, 'isolation_level': None, 'timeout': BUSY_SECONDS},
    )
    event.listen(engine, 'connect', _prepare_sqlite)
    event.listen(engine, 'begin', _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Create the file readable by its owner only, before SQLite would create it for everybody."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    for pragma in (
        'journal_mode=WAL',
        'synchronous=NORMAL',
        'foreign_keys=ON',
        'temp_store=MEMORY',
        'cache_size=-16384',
    ):
        connection.execute(f'PRAGMA {pragma}')


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a reader that becomes a writer half-way could only fail."""
    options = connection.get_execution_options()
    if options.get('writes'):
        connection.exec_driver_sql(f'PRAGMA busy_timeout={options["wait_ms"]}')
        connection.exec_driver_sql('BEGIN IMMEDIATE')
    else:
        connection.exec_driver_sql('BEGIN')


def _postgresql_engine(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername='postgresql+psycopg2'),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=3,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            'connect_timeout': 3,
            'application_name': 'churnboard',
            'options': '-c timezone=UTC',
            'keepalives_idle': 10,
            'tcp_user_timeout': 10_000,
        },
    )
    event.listen(engine, 'begin', _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    """One read sees one state, and nothing takes for ever; in one message, so that it costs one round trip."""
    options = connection.get_execution_options()
    if options.get('writes'):
        limits = f'SET LOCAL statement_timeout={WRITE_STATEMENT_MS}; SET LOCAL lock_timeout={options["wait_ms"]}'
    else:
        longest = WRITE_STATEMENT_MS if options.get('patient') else READ_STATEMENT_MS
        limits = f'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout={longest}'
    connection.exec_driver_sql(limits)
