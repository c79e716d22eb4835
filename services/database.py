"""The database: engine, pool, transactions, and running blocking work off the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from services.errors import Unavailable

T = TypeVar('T')

POOL_SIZE = 5
BUSY_SECONDS = 5


class Database:
    """One database, SQLite or PostgreSQL, with at most ``POOL_SIZE`` connections and as many worker threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._workers = ThreadPoolExecutor(max_workers=POOL_SIZE, thread_name_prefix='database')

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
    def reading(self) -> Iterator[Session]:
        """A transaction that reads; whatever it changed is rolled back.

        :raises Unavailable: the database does not answer.
        """
        with _translated_failures(), self.engine.connect() as connection, Session(connection) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed at the end, or rolled back as a whole.

        :raises Unavailable: the database does not answer, or another writer holds it for too long.
        """
        with (
            _translated_failures(),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session
            session.flush()

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in a reading transaction on a worker thread."""
        return await self.run(lambda: self._within(self.reading, work))

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in a writing transaction on a worker thread; when this returns, it is committed."""
        return await self.run(lambda: self._within(self.writing, work))

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work on one of the database's worker threads."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)

    def close(self) -> None:
        self._workers.shutdown(wait=True, cancel_futures=True)
        self.engine.dispose()

    @staticmethod
    def _within(transaction: Callable[[], Any], work: Callable[[Session], T]) -> T:
        with transaction() as session:
            return work(session)


@contextmanager
def _translated_failures() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable('The database does not answer at the moment. Nothing was changed.', retry_after=5) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable('The connection to the database was lost. Try again.', retry_after=5) from error
        raise


def _sqlite_engine(url: URL) -> Engine:
    if url.database and url.database != ':memory:':
        _make_private(Path(url.database))
    engine = create_engine(
        url,
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
    writes = connection.get_execution_options().get('writes')
    connection.exec_driver_sql('BEGIN IMMEDIATE' if writes else 'BEGIN')


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername='postgresql+psycopg2'),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=3,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            'connect_timeout': 3,
            'application_name': 'churnboard',
            'options': '-c statement_timeout=60000 -c timezone=UTC',
            'keepalives_idle': 10,
            'tcp_user_timeout': 10_000,
        },
    )
