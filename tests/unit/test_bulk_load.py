"""A long file goes into SQLite in pieces, and yet all of it or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from services import bulk_load, generations, load_lease, migrations, users
from services.aggregates import aggregate
from services.charts import charts
from services.clock import to_micros
from services.dashboard import Dashboard, Numbers
from services.database import Database
from services.errors import Unavailable
from services.load_lease import recover
from services.models import Prediction, SourceKind, UserRevision
from services.prediction_rows import PredictionRow
from services.predictions import Ingest, IngestResult
from services.query import DashboardQuery
from services.rollup_check import first_difference
from services.rollup_state import Built
from services.scores import RiskBands
from services.sources import Sources

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BANDS = RiskBands()


class Desk:
    """A user with a short file, and long files on their way in."""

    def __init__(self, url: str) -> None:
        self.database = Database.open(url)
        self.alice, self.bob = (self._add(name) for name in ('alice', 'bob'))
        self.dashboard = Dashboard(bands=BANDS)
        self.take(rows(10), name='short.csv')

    def _add(self, name: str) -> int:
        with self.database.writing() as session:
            user_id = users.add(session, f'{name}@example.com', password_hash='x').id
        assert user_id
        return user_id

    def take(
        self,
        file: list[PredictionRow],
        *,
        name: str = 'long.csv',
        user: int | None = None,
        stored: Callable[[int], None] | None = None,
    ) -> IngestResult:
        ingest = Ingest(self.database, clock=lambda: NOW, long=2_000)
        return ingest.take(user or self.alice, file, kind=SourceKind.FILE, name=name, stored=stored)

    def board(self) -> tuple[Numbers, object, object]:
        """The numbers, and what plain SQL says of the same and of the charts."""
        with self.database.reading() as session:
            asked = self.dashboard.selection(self.alice, DashboardQuery(), zone='UTC', now=NOW)
            return self.dashboard.numbers(session, asked), aggregate(session, asked), charts(session, asked)

    def total(self) -> int:
        return self.board()[0].metrics.total_predictions

    def names(self) -> list[tuple[str, str | None]]:
        with self.database.reading() as session:
            found = session.execute(
                text('SELECT customer_id, name FROM customer WHERE user_id = :user ORDER BY customer_id'),
                {'user': self.alice},
            )
            return [(row[0], row[1]) for row in found]

    def assert_exact(self) -> None:
        with self.database.reading() as session:
            assert first_difference(session, self.alice, zone='UTC', bands=BANDS) is None

    def rows_there(self) -> int:
        with self.database.reading() as session:
            return len(session.exec(select(Prediction.arrival).where(Prediction.user_id == self.alice)).all())


def rows(count: int, *, first: int = 0, name: str | None = None) -> list[PredictionRow]:
    start = to_micros(NOW - timedelta(days=30))
    return [
        PredictionRow(1, f'C{n % 997:04}', n * 7919 % 1_000_001, start + n * 60_000_000, None, name)
        for n in range(first, first + count)
    ]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    url = f'sqlite:///{tmp_path}/board.sqlite3'
    database = Database.open(url)
    migrations.upgrade(database)
    database.close()
    desk = Desk(url)
    yield desk
    desk.database.close()


def test_until_its_end_nothing_of_a_long_file_is_seen_and_then_all_of_it(desk: Desk) -> None:
    before, seen = desk.board(), []
    known = [name for _, name in desk.names()]

    def look(_rows: int) -> None:
        if len(seen) < 2 and desk.rows_there() > 10:
            seen.append(desk.rows_there())
            assert desk.board() == before
            assert [name for customer, name in desk.names() if int(customer[1:]) < 10] == known

    result = desk.take(rows(5_000, name='Ann'), stored=look)
    assert seen
    assert (result.accepted, result.duplicates) == (5_000, 0)
    assert desk.total() == 5_010
    assert {name for _, name in desk.names()} == {'Ann'}
    desk.assert_exact()
    assert desk.take(rows(2_500, first=30_000)).accepted == 2_500
    desk.assert_exact()


def test_meanwhile_others_write_and_the_user_is_asked_to_wait(desk: Desk) -> None:
    tried = []

    def try_to_write(_rows: int) -> None:
        if desk.rows_there() > 10:
            assert desk.take(rows(1, first=len(tried)), user=desk.bob).accepted == 1
            with pytest.raises(Unavailable, match='try again when it is done') as refused:
                desk.take(rows(1, first=50_000))
            with pytest.raises(Unavailable, match='try again when it is done'), desk.database.writing() as session:
                generations.add_piece(session, desk.alice, Built(zone='Asia/Kathmandu', bands=BANDS), customers=1)
            tried.append(refused.value.retry_after)

    desk.take(rows(5_000), stored=try_to_write)
    assert set(tried) == {10}
    assert desk.take(rows(1, first=50_000)).accepted == 1


def test_rows_that_are_there_already_are_counted_and_stay_with_either_source(desk: Desk) -> None:
    first = desk.take(rows(2_500), name='same.csv').source_id
    second = desk.take([*rows(2_500, first=1_000), *rows(10, first=1_000)], name='same.csv')
    assert (second.accepted, second.duplicates) == (1_000, 1_510)
    assert first
    assert Sources(desk.database, bands=BANDS).remove(desk.alice, first).deleted == 1_000
    assert desk.total() == 2_510
    desk.assert_exact()


def test_a_long_file_that_corrects_rows_goes_row_by_row(desk: Desk) -> None:
    desk.take([PredictionRow(1, 'C1', 5, to_micros(NOW), 'x-1')], name='a.csv')
    result = desk.take([PredictionRow(1, 'C1', 900_000, to_micros(NOW), 'x-1'), *rows(6_000, first=100)])
    assert (result.accepted, result.corrected) == (6_000, 1)
    assert desk.total() == 6_011
    desk.assert_exact()
    with desk.database.reading() as session:
        assert session.get_one(UserRevision, desk.alice).loading is None


def test_a_long_file_that_fails_half_way_leaves_nothing(desk: Desk) -> None:
    before, names = desk.board(), desk.names()

    def fail(_rows: int) -> None:
        if desk.rows_there() > 10:
            raise RuntimeError('the disk is full')

    with pytest.raises(RuntimeError):
        desk.take(rows(20_000), stored=fail)
    assert (desk.board(), desk.names(), desk.rows_there()) == (before, names, 10)
    assert [source.name for source in Sources(desk.database, bands=BANDS).list(desk.alice)] == ['short.csv']
    assert desk.take(rows(20_000, first=10)).accepted == 20_000


def test_a_load_that_fails_while_its_sums_are_built_is_not_in_the_way_of_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, built = bulk_load.build, []

    def fail_later(*args: Any, **options: Any) -> None:
        if built:
            raise RuntimeError('the power went out')
        build(*args, **options)
        built.append(options)

    with monkeypatch.context() as patch:
        patch.setattr(bulk_load, 'build', fail_later)
        patch.setattr(load_lease.generations, 'sweep', lambda *_: False)  # as if the process were gone
        with pytest.raises(RuntimeError):
            desk.take(rows(6_000, first=100))
    assert built
    assert desk.take(rows(6_000, first=100)).accepted == 6_000
    desk.assert_exact()
    with desk.database.reading() as session:
        assert session.execute(text('SELECT count(DISTINCT generation) FROM customer_day')).scalar() == 1


STUCK = """
import sys, time
from services.database import Database
from services.models import SourceKind
from services.predictions import Ingest
from services.rollups import Rollups
from tests.unit.test_bulk_load import NOW, rows
from services import bulk_load

def stuck(*args, **kwargs):
    print('rows are in', flush=True)
    time.sleep(60)
bulk_load.build = stuck
ingest = Ingest(Database.open(sys.argv[1]), clock=lambda: NOW, long=2_000)
ingest.take(int(sys.argv[2]), rows(6_000, first=100), kind=SourceKind.FILE, name='killed.csv')
"""


def test_what_a_killed_load_has_left_is_deleted_once_nobody_hears_of_it(desk: Desk) -> None:
    before, names = desk.board(), desk.names()
    url = desk.database.engine.url.render_as_string()
    with subprocess.Popen(
        [sys.executable, '-c', STUCK, url, str(desk.alice)], cwd=ROOT, stdout=subprocess.PIPE
    ) as loader:
        assert loader.stdout
        assert loader.stdout.readline() == b'rows are in\n'
        loader.kill()
    assert loader.returncode == -signal.SIGKILL
    assert desk.rows_there() == 6_010
    assert desk.board() == before

    recover(desk.database, now=NOW + timedelta(seconds=10))
    assert desk.rows_there() == 6_010, 'it may still come back'
    recover(desk.database, now=NOW + timedelta(seconds=20))
    assert (desk.board(), desk.names(), desk.rows_there()) == (before, names, 10)
    assert desk.take(rows(6_000, first=100)).accepted == 6_000
    desk.assert_exact()


def test_a_load_whose_right_was_taken_away_stops(desk: Desk) -> None:
    def lose(_rows: int) -> None:
        if desk.rows_there() > 10:
            recover(desk.database, now=NOW + timedelta(hours=1))

    with pytest.raises(Unavailable, match='interrupted'):
        desk.take(rows(20_000, first=100), stored=lose)
    assert desk.rows_there() == 10
    desk.assert_exact()


def test_loading_is_a_matter_of_the_user(desk: Desk) -> None:
    """Nothing of the user's load is seen by, or keeps waiting, anybody else's board."""

    def look(_rows: int) -> None:
        with desk.database.reading() as session:
            assert _revision(session, desk.bob).loading is None
            assert _revision(session, desk.alice).arrivals == 10

    desk.take(rows(6_000, first=100), stored=look)
    with desk.database.reading() as session:
        assert _revision(session, desk.alice).arrivals == 6_010


def _revision(session: Session, user_id: int) -> UserRevision:
    return session.exec(select(UserRevision).where(col(UserRevision.user_id) == user_id)).one()
