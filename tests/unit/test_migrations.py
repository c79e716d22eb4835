from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from services import migrations, users
from services.calendar import time_zone
from services.dashboard import Dashboard
from services.database import Database
from services.errors import Unavailable
from services.models import SourceKind
from services.planner import rollups_answer
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from services.query import DashboardQuery
from services.rollup_check import first_difference
from services.scores import RiskBands
from services.selection import Selection

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_the_upgrade_of_an_empty_database_makes_the_tables_of_the_models(empty: Database) -> None:
    migrations.upgrade(empty)
    assert tables(empty) == {*SQLModel.metadata.tables, 'alembic_version'}
    with empty.engine.connect() as connection:
        options = {'compare_type': True, 'compare_server_default': True, 'include_object': _is_everywhere}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def _is_everywhere(_thing: object, name: str | None, *_rest: object) -> bool:
    """The index for searching by name is only where PostgreSQL has the extension for it."""
    return name != 'ix_customer_text'


def test_keys_and_rules_that_a_comparison_does_not_see_are_those_of_the_models_too(empty: Database) -> None:
    """Alembic compares neither primary keys nor checks nor what happens to rows whose user is deleted."""
    migrations.upgrade(empty)
    inspector = inspect(empty.engine)
    for name, table in SQLModel.metadata.tables.items():
        assert inspector.get_pk_constraint(name)['constrained_columns'] == [key.name for key in table.primary_key], name
        given = {
            (tuple(key['constrained_columns']), key['options'].get('ondelete'))
            for key in inspector.get_foreign_keys(name)
        }
        meant = {(tuple(key.column_keys), key.ondelete) for key in table.foreign_key_constraints}
        assert given == meant, name
    assert [check['name'] for check in inspector.get_check_constraints('prediction')] == ['ck_prediction_score']


def test_sqlite_keeps_the_tables_options_of_the_models(tmp_path: Path) -> None:
    """An id that never names another account, and keys without a hidden number of their own."""

    def statements(database: Database) -> dict[str, str]:
        with database.engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all()
        return {
            name: sql.rpartition(')')[2] + ('AUTOINCREMENT' if 'AUTOINCREMENT' in sql else '') for name, sql in found
        }

    migrated, created = (Database.open(f'sqlite:///{tmp_path}/{name}.sqlite3') for name in ('migrated', 'created'))
    migrations.upgrade(migrated)
    SQLModel.metadata.create_all(created.engine)
    expected = statements(created)
    assert {name: options for name, options in statements(migrated).items() if name in expected} == expected
    for database in (migrated, created):
        database.close()


def test_upgrading_twice_is_harmless(empty: Database) -> None:
    migrations.upgrade(empty)
    with empty.writing() as session:
        users.add(session, 'alice@example.com', password_hash='x')
    migrations.upgrade(empty)
    migrations.prepare(empty)
    with empty.reading() as session:
        assert [user.email for user in users.everyone(session)] == ['alice@example.com']


def test_an_upgrade_that_fails_leaves_nothing_behind(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    upgrade = command.upgrade

    def failing(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise RuntimeError('the power went out')

    with monkeypatch.context() as patch:
        patch.setattr(command, 'upgrade', failing)
        with pytest.raises(RuntimeError):
            migrations.upgrade(empty)
    assert tables(empty) == set()
    migrations.upgrade(empty)
    assert 'prediction' in tables(empty)


def test_sqlite_is_brought_up_to_date_at_the_start(tmp_path: Path) -> None:
    database = Database.open(f'sqlite:///{tmp_path}/board.sqlite3')
    migrations.prepare(database)
    migrations.prepare(database)
    assert 'prediction' in tables(database)
    database.close()


def test_postgresql_without_tables_is_refused_with_the_command_to_run(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    with pytest.raises(Unavailable, match=r'python main\.py db upgrade'):
        migrations.prepare(database)
    assert tables(database) == set()
    migrations.upgrade(database)
    migrations.prepare(database)
    database.close()


PREPARING = """
import sys
from services import migrations
from services.database import Database
import alembic.command, alembic.config

sys.stdin.readline()
database = Database.open(sys.argv[1])
getattr(migrations, sys.argv[2])(database)
database.close()
"""


def test_processes_that_prepare_the_same_new_database_at_once_all_succeed(database_url: str) -> None:
    verb = 'prepare' if database_url.startswith('sqlite') else 'upgrade'
    processes = [
        subprocess.Popen(
            [sys.executable, '-W', 'error', '-c', PREPARING, database_url, verb],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write('go\n')
        process.stdin.flush()
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    database = Database.open(database_url)
    migrations.prepare(database)
    database.close()


def test_the_newest_revision_is_the_one_we_say() -> None:
    config = Config()
    config.set_main_option('script_location', str(migrations.FOLDER))
    config.set_main_option('path_separator', 'os')
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_the_data_of_the_first_release_is_kept_and_its_sums_are_built_by_the_next_change(empty: Database) -> None:
    migrations.upgrade(empty, to='0001')
    with empty.writing() as session:
        for statement in (
            'INSERT INTO "user" (id, email, name, password_hash, time_zone, disabled, token_version, created_at)'
            " VALUES (1, 'alice@example.com', '', 'x', 'UTC', false, 0, 0)",
            'INSERT INTO user_revision (user_id, revision, arrivals) VALUES (1, 1, 2)',
            'INSERT INTO source (user_id, id, kind, name, accepted, corrected, duplicates, rejected, created_at)'
            " VALUES (1, 1, 'file', 'old.csv', 2, 0, 0, 0, 0)",
            *(
                'INSERT INTO prediction (user_id, arrival, source_id, customer_id, score, predicted_at, timed,'
                f" committed_at, status) VALUES (1, {arrival}, 1, 'c{arrival}', {score}, {at}, true, 0, 'completed')"
                for arrival, score, at in ((1, 900_000, 1_790_000_000_000_000), (2, 100_000, 1_790_090_000_000_000))
            ),
        ):
            session.execute(text(statement))

    migrations.upgrade(empty)
    asked = Selection(
        user_id=1, query=DashboardQuery(), zone=time_zone('UTC'), today=date(2026, 11, 23), bands=RiskBands()
    )
    with empty.reading() as session:
        assert not rollups_answer(session, asked)
        before = Dashboard(bands=RiskBands()).numbers(session, asked)
    assert before.metrics.total_predictions == 2

    row = PredictionRow(1, 'c3', 500_000, None)
    Ingest(empty, clock=lambda: datetime(2026, 11, 23, tzinfo=UTC)).take(1, [row], kind=SourceKind.API, name='')
    with empty.reading() as session:
        assert rollups_answer(session, asked)
        assert first_difference(session, 1, zone='UTC', bands=RiskBands()) is None
        assert Dashboard(bands=RiskBands()).numbers(session, asked).metrics.total_predictions == 3
