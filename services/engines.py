"""SQLAlchemy engines as we need them: their pools, limits, and how a transaction begins.

A connection's execution options tell the beginning of its transactions: ``writes``, with ``wait_ms`` for the lock, or
``patient`` for reads that nobody waits for.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

BUSY_SECONDS = 15
"""How long a writer waits for another one."""

CACHE_KIB = 16_384
BULK_CACHE_KIB = 98_304
"""SQLite's page cache of a connection, and of one that takes a long file in: there every row touches six indexes."""

READ_STATEMENT_MS = 5_000
WRITE_STATEMENT_MS = 600_000

READ_LIMIT = f'statement_timeout={READ_STATEMENT_MS}'
"""PostgreSQL's limit of a transaction that says nothing else."""

OPTIONS: dict[str, Any] = {
    'max_overflow': 0,
    'pool_timeout': 3,
    'hide_parameters': True,
    'connect_args': {
        'connect_timeout': 3,
        'application_name': 'churnboard',
        'options': f'-c timezone=UTC -c default_transaction_isolation=repeatable\\ read -c {READ_LIMIT}',
        'keepalives_idle': 10,
        'tcp_user_timeout': 10_000,
    },
}
"""Of every engine of PostgreSQL."""


def sqlite_engine(url: URL, *, connections: int) -> Engine:
    """Its file is created readable by its owner only."""
    if url.database and url.database != ':memory:':
        _make_private(Path(url.database))
    engine = create_engine(
        url.set(drivername='sqlite'),  # whatever driver was named: the others are not for threads
        pool_size=connections,
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
        'temp_store=FILE',  # what is staged there may be larger than memory; small tables never reach the disk
        f'cache_size=-{CACHE_KIB}',
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


def postgresql_engine(url: URL, *, connections: int) -> Engine:
    engine = create_engine(
        url.set(drivername='postgresql+psycopg2'),
        pool_size=connections,
        **OPTIONS,
    )
    event.listen(engine, 'checkout', partial(_begin_alive, engine.dialect.loaded_dbapi.Error))
    event.listen(engine, 'begin', _begin_postgresql)
    return engine


def asking_engine(engine: Engine, *, connections: int) -> Engine:
    """One for single statements, each of which is a transaction by itself: nothing has to begin and end it.

    That saves three of four messages there and back. Whether a connection is still alive shows in the statement.
    SQLite has no messages to save.
    """
    if engine.dialect.name == 'sqlite':
        return engine
    return create_engine(engine.url, pool_size=connections, isolation_level='AUTOCOMMIT', **OPTIONS)


def _begin_alive(failure: type[Exception], connection: Any, record: Any, _proxy: Any) -> None:
    """Begin the transaction: whether the connection is still alive shows in that, and takes no message of its own."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f'SET LOCAL {READ_LIMIT}')  # as it is; the driver says BEGIN before it
    except failure as error:
        if record.info.get('used'):
            raise InvalidatePoolError from error  # to be tried again with a new connection
        raise
    record.info['used'] = True


def _begin_postgresql(connection: Connection) -> None:
    """One read sees one state, and nothing takes for ever: what reads begin with, and others need not the same."""
    options = connection.get_execution_options()
    if options.get('writes'):
        connection.exec_driver_sql(
            f'SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout={WRITE_STATEMENT_MS}; '
            f'SET LOCAL lock_timeout={options["wait_ms"]}'
        )
    elif options.get('patient'):
        connection.exec_driver_sql(f'SET LOCAL statement_timeout={WRITE_STATEMENT_MS}')
