from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli import main
from services.clock import system_clock
from services.database import Database
from services.models import SourceKind
from services.prediction_rows import PredictionRow
from services.predictions import Ingest
from tests.accounts import add_user


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """What ``main.py`` works on, with a user and two predictions."""
    monkeypatch.setenv('CHURNBOARD_DATA_DIR', str(tmp_path))
    assert main(['db', 'upgrade']) == 0
    database = Database.open(f'sqlite:///{tmp_path}/churnboard.sqlite3')
    user_id = add_user(database).id
    assert user_id
    rows = [PredictionRow(1, 'c1', 900_000, None), PredictionRow(2, 'c2', 100_000, None)]
    Ingest(database, clock=system_clock).take(user_id, rows, kind=SourceKind.API, name='')
    return database


def spoil(database: Database) -> None:
    with database.writing() as session:
        session.execute(text('UPDATE rollup_day SET sum = sum + 1'))


def test_check_says_that_all_is_exact(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['check']) == 0
    assert capsys.readouterr().out == 'alice@example.com: exact\n'


def test_check_names_the_first_difference(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(database)
    assert main(['check']) == 1
    assert 'rollup_day' in capsys.readouterr().out


@pytest.mark.parametrize('whom', [['--all'], ['--user', 'alice@example.com']])
def test_rebuild_makes_it_exact_again(database: Database, whom: list[str]) -> None:
    spoil(database)
    assert main(['rebuild', *whom]) == 0
    assert main(['check']) == 0


def test_rebuild_of_nobody_is_a_wrong_call(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['rebuild', '--user', 'nobody@example.com']) == 2
    with pytest.raises(SystemExit) as refusal:
        main(['rebuild'])
    assert refusal.value.code == 2


def test_a_quick_benchmark_prints_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(['bench', 'engine', '--most', '5000', '--json', 'figures.json']) == 0
    assert 'ingest/raw' in capsys.readouterr().out
    assert '"predictions": 5000' in (tmp_path / 'figures.json').read_text()


def test_another_time_zone_is_counted_in_at_once(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['user', 'time-zone', 'alice@example.com', 'Pacific/Auckland']) == 0
    assert capsys.readouterr().err.endswith('alice@example.com now sees days in Pacific/Auckland.\n')
    with database.reading() as session:
        assert session.execute(text('SELECT rollup_zone FROM user_revision')).scalar() == 'Pacific/Auckland'
    assert main(['check']) == 0


@pytest.mark.parametrize('words', [['alice@example.com', 'Berlin'], ['nobody@example.com', 'Europe/Berlin']])
def test_a_time_zone_or_user_that_there_is_not_changes_nothing(database: Database, words: list[str]) -> None:
    assert main(['user', 'time-zone', *words]) == 2
    with database.reading() as session:
        assert session.execute(text('SELECT time_zone FROM "user"')).scalar() == 'UTC'
