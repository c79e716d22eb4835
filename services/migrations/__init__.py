"""Bringing a database's tables up to date, by Alembic."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from services.database import Database
from services.errors import Unavailable

FOLDER = Path(__file__).parent
HEAD = '0011'
"""The newest revision. Known here so that a start with current tables need not import Alembic."""


def prepare(database: Database) -> None:
    """Make the tables usable: SQLite is upgraded in place, PostgreSQL only by ``db upgrade``.

    :raises Unavailable: the database does not answer, or PostgreSQL's tables are not up to date.
    """
    with database.reading() as session:
        current = _current(session.connection())
    if current == HEAD:
        return
    if not database.is_sqlite:
        raise Unavailable('The tables of the database are not up to date. Run: python main.py db upgrade')
    upgrade(database)


def upgrade(database: Database, *, to: str = 'head') -> None:
    """Run what is missing, in one transaction; a second process that starts meanwhile waits and finds it done."""
    from alembic import command  # noqa: PLC0415 -- a quarter of a second that most starts can save
    from alembic.config import Config  # noqa: PLC0415

    logging.getLogger('alembic').setLevel(logging.WARNING)
    config = Config()
    config.set_main_option('script_location', str(FOLDER))
    config.set_main_option('path_separator', 'os')
    with database.writing() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text('SELECT pg_advisory_xact_lock(7243392)'))
        config.attributes['connection'] = connection
        command.upgrade(config, to)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table('alembic_version'):
        return None
    return connection.execute(text('SELECT version_num FROM alembic_version')).scalar()
