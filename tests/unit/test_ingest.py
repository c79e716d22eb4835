"""What becomes of rows: taken, a duplicate, or a correction; wholly in or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import event
from sqlmodel import SQLModel, select

from services import migrations, row_spool, users
from services.clock import to_micros
from services.database import Database
from services.models import Correction, Customer, Prediction, Source, SourceKind, UserRevision
from services.prediction_rows import PredictionRow, RowError
from services.predictions import Ingest, IngestResult, InvalidRows
from services.rollups import Rollups

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
BAD = RowError(9, 'churn_score', 'high', 'Write the score as a plain number.')


class Said(NamedTuple):
    """What matters of a stored prediction."""

    arrival: int
    customer: str
    score: int
    at: int


def row(customer: str, score: int, at: datetime | None = MONDAY, **more: Any) -> PredictionRow:
    return PredictionRow(1, customer, score, None if at is None else to_micros(at), **more)


def many(number: int, *, score: int = 500_000) -> list[PredictionRow]:
    return [row(f'C{n}', score, MONDAY + timedelta(seconds=n), external_id=f'X{n}') for n in range(number)]


class Desk:
    """One user's ingest, and what is stored of it."""

    def __init__(self, database: Database, email: str) -> None:
        self.database = database
        with database.writing() as session:
            user_id = users.add(session, email, password_hash='x').id
        assert user_id
        self.user_id = user_id

    def take(
        self,
        *rows: PredictionRow | RowError,
        name: str = 'scores.csv',
        kind: SourceKind = SourceKind.FILE,
        skip: bool = False,
    ) -> tuple[int, int, int]:
        """Accepted, corrected, duplicates."""
        result = self.ingest(rows, name=name, kind=kind, skip=skip)
        return result.accepted, result.corrected, result.duplicates

    def ingest(
        self,
        rows: Iterable[PredictionRow | RowError],
        *,
        name: str = 'scores.csv',
        kind: SourceKind = SourceKind.FILE,
        skip: bool = False,
    ) -> IngestResult:
        ingest = Ingest(self.database, clock=lambda: NOW)
        return ingest.take(self.user_id, rows, kind=kind, name=name, skip_bad_rows=skip)

    def all(self, model: type[SQLModel]) -> list[Any]:
        table: Any = model
        with self.database.reading() as session:
            found = session.exec(select(table).where(table.user_id == self.user_id)).all()
            session.expunge_all()
        return list(found)

    def predictions(self) -> list[Said]:
        rows = (Said(one.arrival, one.customer_id, one.score, one.predicted_at) for one in self.all(Prediction))
        return sorted(rows)

    def customer(self, customer_id: str) -> Customer | None:
        return next((one for one in self.all(Customer) if one.customer_id == customer_id), None)

    @property
    def revision(self) -> tuple[int, int]:
        """Revision and last arrival number."""
        (state,) = self.all(UserRevision)
        return state.revision, state.arrivals


@pytest.fixture
def alice(database: Database) -> Desk:
    return Desk(database, 'alice@example.com')


@pytest.fixture
def bob(database: Database) -> Desk:
    return Desk(database, 'bob@example.com')


# --- duplicates ----------------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(alice: Desk) -> None:
    rows = [row('A', 500_000, customer_name='Acme'), row('B', 0), row('A', 500_001)]
    assert alice.take(*rows) == (3, 0, 0)
    before = alice.predictions(), alice.customer('A')

    assert alice.take(*rows) == (0, 0, 3)

    assert (alice.predictions(), alice.customer('A')) == before
    assert alice.revision[1] == 3


def test_a_row_that_stands_twice_in_a_file_is_taken_once(alice: Desk) -> None:
    assert alice.take(row('A', 500_000), row('B', 500_000), row('A', 500_000)) == (2, 0, 1)
    assert [said[:2] for said in alice.predictions()] == [(1, 'A'), (2, 'B')]


@pytest.mark.parametrize(
    'other',
    [row('a', 500_000), row('A', 500_001), row('A', 500_000, MONDAY + timedelta(microseconds=1))],
    ids=['customer', 'score', 'time'],
)
def test_a_row_that_differs_is_no_duplicate(alice: Desk, other: PredictionRow) -> None:
    assert alice.take(row('A', 500_000), other) == (2, 0, 0)


def test_the_same_row_from_another_source_is_a_row_of_its_own(alice: Desk) -> None:
    alice.take(row('A', 500_000), name='scores.csv')
    assert alice.take(row('A', 500_000), name='Scores.csv') == (1, 0, 0)
    assert alice.take(row('A', 500_000), name='', kind=SourceKind.API) == (1, 0, 0)
    assert alice.take(row('A', 500_000), name='', kind=SourceKind.API) == (0, 0, 1)
    assert len(alice.predictions()) == 3


def test_a_row_without_a_time_is_never_a_duplicate(alice: Desk) -> None:
    untimed = row('A', 500_000, None)
    assert alice.take(untimed, untimed) == (2, 0, 0)
    assert alice.take(untimed) == (1, 0, 0)
    assert [said.at for said in alice.predictions()] == [to_micros(NOW)] * 3


def test_no_row_is_a_duplicate_of_one_without_a_time_in_an_earlier_file(alice: Desk) -> None:
    """Not even if its time is the very instant the other one was taken in at."""
    assert alice.take(row('A', 500_000, None)) == (1, 0, 0)
    assert alice.take(row('A', 500_000, NOW)) == (1, 0, 0)


def test_no_row_is_a_duplicate_of_one_without_a_time_in_the_same_file(alice: Desk) -> None:
    assert alice.take(row('A', 500_000, None), row('A', 500_000, NOW)) == (2, 0, 0)


def test_a_file_that_is_called_like_the_sample_is_another_source(alice: Desk) -> None:
    alice.take(row('A', 500_000), name='Sample data', kind=SourceKind.SAMPLE)
    assert alice.take(row('A', 500_000), name='Sample data') == (1, 0, 0)


# --- corrections ---------------------------------------------------------------------------------------------------


def test_an_external_id_sent_again_corrects_the_row_which_keeps_its_arrival_number(alice: Desk) -> None:
    alice.take(row('A', 100_000, external_id='X'), row('B', 200_000))
    later = MONDAY + timedelta(days=1)

    assert alice.take(row('A', 900_000, later, external_id='X'), name='corrected.csv') == (0, 1, 0)

    assert alice.predictions() == [(1, 'A', 900_000, to_micros(later)), (2, 'B', 200_000, to_micros(MONDAY))]
    assert alice.revision[1] == 2


def test_an_external_id_with_the_same_values_is_a_duplicate(alice: Desk) -> None:
    alice.take(row('A', 100_000, external_id='X', reasons='+Logins down'))
    assert alice.take(row('A', 100_000, external_id='X', reasons='+Logins down'), name='b.csv') == (0, 0, 1)
    assert alice.take(row('A', 100_000, external_id='X', reasons='-Logins up'), name='b.csv') == (0, 1, 0)
    assert alice.all(Prediction)[0].reasons == '-Logins up'


def test_a_correction_without_a_time_keeps_the_rows_own(alice: Desk) -> None:
    alice.take(row('A', 100_000, external_id='X'))
    assert alice.take(row('A', 200_000, None, external_id='X')) == (0, 1, 0)
    assert alice.predictions() == [(1, 'A', 200_000, to_micros(MONDAY))]
    assert alice.take(row('A', 200_000, None, external_id='X')) == (0, 0, 1)


def test_a_later_row_of_a_file_corrects_an_earlier_one_of_it(alice: Desk) -> None:
    rows = [row('A', 100_000, external_id='X'), row('B', 1), row('C', 300_000, external_id='X')]
    assert alice.take(*rows) == (2, 1, 0)
    assert [said[:3] for said in alice.predictions()] == [(1, 'C', 300_000), (2, 'B', 1)]
    assert alice.all(Correction) == []


def test_an_earlier_files_row_may_be_corrected_twice_by_one_file(alice: Desk) -> None:
    alice.take(row('A', 100_000, external_id='X'))
    assert alice.take(row('A', 200_000, external_id='X'), row('A', 300_000, external_id='X'), name='b.csv') == (0, 2, 0)
    assert [said.score for said in alice.predictions()] == [300_000]
    assert [(kept.number, kept.score) for kept in alice.all(Correction)] == [(1, 100_000)]


def test_rows_are_corrected_across_the_batches_of_a_long_file(alice: Desk) -> None:
    rows = many(row_spool.BATCH + 500)
    assert alice.take(*rows, *many(700, score=900_000)) == (len(rows), 700, 0)
    scores = [said.score for said in alice.predictions()]
    assert scores == [900_000] * 700 + [500_000] * (len(rows) - 700)
    assert alice.take(*rows[700:]) == (0, 0, len(rows) - 700)
    assert alice.all(Correction) == []


def test_corrections_keep_the_earlier_values_of_each_source_they_took_the_place_of(alice: Desk) -> None:
    first: dict[str, Any] = {
        'customer_name': 'Acme',
        'account_value': 29_850_000,
        'reasons': '+Logins down',
        'status': 'pending',
    }
    alice.take(row('A', 100_000, external_id='X', **first))
    alice.take(row('B', 200_000, MONDAY + timedelta(days=1), external_id='X'), name='b.csv')
    alice.take(row('C', 300_000, MONDAY + timedelta(days=2), external_id='X'), name='c.csv')

    sources = {source.name: source.id for source in alice.all(Source)}
    kept = sorted(alice.all(Correction), key=lambda correction: correction.number)
    assert [(one.arrival, one.number, one.corrected_by, one.source_id) for one in kept] == [
        (1, 1, sources['b.csv'], sources['scores.csv']),
        (1, 2, sources['c.csv'], sources['b.csv']),
    ]
    assert [(one.customer_id, one.score, one.predicted_at) for one in kept] == [
        ('A', 100_000, to_micros(MONDAY)),
        ('B', 200_000, to_micros(MONDAY + timedelta(days=1))),
    ]
    assert {key: getattr(kept[0], key) for key in first} == first
    assert [one.source_id for one in alice.all(Prediction)] == [sources['c.csv']]


def test_a_correction_that_names_another_customer_moves_the_row_there(alice: Desk) -> None:
    alice.take(row('A', 100_000, external_id='X', customer_name='Acme'), row('B', 1, customer_name='Bolt'))
    alice.take(row('B', 200_000, MONDAY + timedelta(days=1), external_id='X', customer_name='Bolt Ltd'))
    assert alice.customer('A') is None
    bolt = alice.customer('B')
    assert bolt and (bolt.name, bolt.folded_name) == ('Bolt Ltd', 'bolt ltd')


def test_a_row_equal_to_what_a_correction_made_of_another_is_a_duplicate_in_the_same_file_too(alice: Desk) -> None:
    rows = [row('A', 100_000, external_id='X'), row('A', 200_000, external_id='X')]
    assert alice.take(*rows, row('A', 200_000)) == (1, 1, 1)


def test_a_row_equal_to_what_a_correction_took_away_is_new_in_the_same_file_too(alice: Desk) -> None:
    rows = [row('A', 100_000, external_id='X'), row('A', 200_000, external_id='X')]
    assert alice.take(*rows, row('A', 100_000)) == (2, 1, 0)


def test_what_a_correction_took_from_one_of_two_equal_rows_the_other_still_has(alice: Desk) -> None:
    made_equal = [row('A', 100_000), row('A', 200_000, external_id='X'), row('A', 100_000, external_id='X')]
    assert alice.take(*made_equal, row('A', 300_000, external_id='X'), row('A', 100_000)) == (2, 2, 1)


def test_a_correction_of_another_sources_row_takes_nothing_from_this_ones(alice: Desk) -> None:
    alice.take(row('A', 100_000, external_id='X'), name='other.csv')
    rows = [row('A', 100_000), row('A', 200_000, external_id='X'), row('A', 100_000), row('A', 200_000)]
    assert alice.take(*rows) == (1, 1, 2)


def test_a_correction_that_gives_a_row_its_time_makes_it_one_that_has_duplicates(alice: Desk) -> None:
    rows = [row('A', 100_000, None, external_id='X'), row('A', 100_000, external_id='X'), row('A', 100_000)]
    assert alice.take(*rows) == (1, 1, 1)


@pytest.mark.parametrize('size', [1, 2, 3])
def test_where_one_batch_ends_and_the_next_begins_makes_no_difference(
    database: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    later = MONDAY + timedelta(days=1)
    rows = [
        row('A', 100_000, external_id='X', customer_name='Acme'),
        row('A', 100_000),
        row('B', 100_000, external_id='X'),
        row('A', 300_000, later, external_id='Y', account_value=5_000_000),
        row('A', 300_000, later, external_id='Y', account_value=5_000_000),
        row('A', 400_000, external_id='Y', customer_name='Acme Ltd'),
        row('C', 1, None),
        row('C', 1, None),
        row('B', 100_000),
        row('A', 300_000, later),
        row('B', 200_000, external_id='X'),
        row('B', 100_000),
        row('C', 1, NOW),
    ]
    whole, parts = Desk(database, 'whole@example.com'), Desk(database, 'parts@example.com')
    taken = whole.take(*rows)
    monkeypatch.setattr(row_spool, 'BATCH', size)

    assert parts.take(*rows) == taken
    assert parts.predictions() == whole.predictions()
    kept = ('customer_id', 'name', 'name_at', 'account_value', 'value_at')
    customers = [{tuple(getattr(one, key) for key in kept) for one in desk.all(Customer)} for desk in (whole, parts)]
    assert customers[0] == customers[1]


def test_rows_go_to_postgresql_in_pages_not_one_by_one(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    migrations.upgrade(database)
    alice = Desk(database, 'alice@example.com')
    alice.take(row('first', 1))  # builds the rollups, which the next file then changes
    one_by_one = []

    @event.listens_for(database.engine, 'before_cursor_execute')
    def note(_connection: Any, _cursor: Any, statement: str, rows: Any, _context: Any, executemany: bool) -> None:
        if executemany and isinstance(rows, list) and len(rows) > 10:  # a page's are one dictionary
            one_by_one.append(statement)

    alice.take(*many(300), name='new.csv')
    database.close()
    assert one_by_one == []


# --- all or nothing ------------------------------------------------------------------------------------------------


def test_a_bad_row_keeps_the_whole_file_out(alice: Desk) -> None:
    with pytest.raises(InvalidRows, match='1 row is not valid') as refused:
        alice.take(row('A', 1), BAD, row('B', 2))
    assert (refused.value.result.rejected, refused.value.result.errors) == (1, (BAD,))
    assert (alice.predictions(), alice.all(Source), alice.revision) == ([], [], (0, 0))


def test_the_good_rows_are_taken_where_bad_ones_may_be_skipped(alice: Desk) -> None:
    result = alice.ingest([row('A', 1), BAD, row('B', 2), BAD], skip=True)
    assert (result.accepted, result.rejected, result.errors, result.taken) == (2, 2, (BAD, BAD), True)
    assert [said.customer for said in alice.predictions()] == ['A', 'B']
    (source,) = alice.all(Source)
    assert (source.accepted, source.rejected) == (2, 2)


def test_a_file_of_nothing_but_bad_rows_changes_nothing(alice: Desk) -> None:
    result = alice.ingest([BAD] * 1_200, skip=True)
    assert (result.taken, result.rejected, len(result.errors)) == (False, 1_200, 1_000)
    assert (alice.all(Source), alice.revision) == ([], (0, 0))


def test_a_file_that_breaks_off_while_it_is_read_leaves_nothing(alice: Desk) -> None:
    def rows() -> Iterable[PredictionRow]:
        yield from many(row_spool.BATCH + 1)
        raise OSError('the upload broke off')

    with pytest.raises(OSError, match='broke off'):
        alice.ingest(rows())
    assert (alice.predictions(), alice.revision) == ([], (0, 0))


def test_a_failure_within_the_transaction_leaves_nothing(alice: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.take(row('A', 100_000, external_id='X0', customer_name='Acme'))
    before = alice.predictions(), alice.customer('A'), alice.revision

    def failing(_rollups: Rollups) -> None:
        raise RuntimeError('out of memory')

    for rows in (5, row_spool.BATCH + 1):  # row by row, and staged
        with monkeypatch.context() as patch:
            patch.setattr(Rollups, 'settle', failing)
            with pytest.raises(RuntimeError):
                alice.take(*many(rows), name='b.csv')
    assert (alice.predictions(), alice.customer('A'), alice.revision) == before
    assert len(alice.all(Source)) == 1
    assert alice.all(Correction) == []


STUCK_WRITER = """
import sys, time
from services.database import Database
from services.rollups import Rollups
from tests.unit.test_ingest import many
from services.models import SourceKind
from services.clock import system_clock
from services.predictions import Ingest

def stuck(rollups):
    print('rows are in', flush=True)
    time.sleep(60)
Rollups.settle = stuck
ingest = Ingest(Database.open(sys.argv[1]), clock=system_clock)
ingest.take(int(sys.argv[2]), many(4001), kind=SourceKind.FILE, name='killed.csv')
"""


def test_a_writer_that_is_killed_in_the_middle_of_a_file_leaves_nothing_and_blocks_nobody(
    alice: Desk, database_url: str
) -> None:
    alice.take(row('A', 100_000))
    before = alice.predictions(), alice.revision
    with subprocess.Popen(
        [sys.executable, '-c', STUCK_WRITER, database_url, str(alice.user_id)], cwd=ROOT, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b'rows are in\n'
        assert (alice.predictions(), alice.revision) == before
        writer.kill()
    assert writer.returncode == -signal.SIGKILL

    assert (alice.predictions(), alice.revision) == before
    assert alice.take(row('B', 1)) == (1, 0, 0)
    assert [said.arrival for said in alice.predictions()] == [1, 2]


# --- numbers, customers, people ------------------------------------------------------------------------------------


def test_arrivals_are_numbered_without_gaps_in_the_order_of_the_rows(alice: Desk) -> None:
    alice.take(row('A', 1, external_id='X'), row('B', 1), row('B', 1), row('C', 1))
    with pytest.raises(InvalidRows):
        alice.take(row('D', 1), BAD)
    alice.take(row('A', 2, external_id='X'), row('D', 1), name='b.csv')
    alice.take(*many(row_spool.BATCH + 1), name='c.csv')
    assert [said.arrival for said in alice.predictions()] == list(range(1, row_spool.BATCH + 6))
    assert [said.customer for said in alice.predictions()[:6]] == ['A', 'B', 'C', 'D', 'C0', 'C1']


def test_the_revision_rises_once_for_each_file(alice: Desk) -> None:
    for number in range(1, 4):
        alice.take(*many(row_spool.BATCH + number), name=f'{number}.csv')
        assert alice.revision[0] == number


def test_a_feed_is_one_source_and_each_file_one_of_its_own(alice: Desk) -> None:
    for score in (1, 2):
        alice.take(row('A', score), name='', kind=SourceKind.API)
        alice.take(row('A', score), name='scores.csv')
    sources = sorted((source.kind, source.name, source.accepted) for source in alice.all(Source))
    assert sources == [('api', '', 2), ('file', 'scores.csv', 1), ('file', 'scores.csv', 1)]


def test_a_customers_name_and_value_come_from_the_newest_row_that_states_them(alice: Desk) -> None:
    day = timedelta(days=1)
    alice.take(row('A', 1, MONDAY + day, customer_name='ÄRGER', account_value=1_000_000))
    alice.take(row('A', 1, MONDAY + 2 * day, account_value=2_000_000))
    alice.take(row('A', 1, MONDAY, customer_name='too old', account_value=3), name='late.csv')

    known = alice.customer('A')
    assert known and (known.name, known.folded_name, known.account_value) == ('ÄRGER', 'ärger', 2_000_000)
    assert (known.name_at, known.value_at) == (to_micros(MONDAY + day), to_micros(MONDAY + 2 * day))


def test_of_two_names_stated_for_the_same_instant_the_later_arrival_counts(alice: Desk) -> None:
    alice.take(row('A', 1, customer_name='One'), row('A', 2, customer_name='Two'))
    assert (known := alice.customer('A')) and known.name == 'Two'
    alice.take(row('A', 3, customer_name='Three'))
    assert (known := alice.customer('A')) and known.name == 'Three'


def test_a_correction_takes_back_the_name_it_no_longer_states(alice: Desk) -> None:
    alice.take(
        row('A', 1, customer_name='Old'), row('A', 2, MONDAY + timedelta(days=1), external_id='X', customer_name='New')
    )
    alice.take(row('A', 3, MONDAY + timedelta(days=1), external_id='X'))
    assert (known := alice.customer('A')) and known.name == 'Old'


def test_two_users_with_equal_ids_stay_apart(alice: Desk, bob: Desk) -> None:
    rows = [row('A', 100_000, external_id='X', customer_name='Acme')]
    assert alice.take(*rows) == (1, 0, 0)
    assert bob.take(*rows) == (1, 0, 0)
    before = alice.predictions(), alice.customer('A'), alice.revision

    assert bob.take(row('A', 900_000, external_id='X', customer_name='Bolt')) == (0, 1, 0)

    assert (alice.predictions(), alice.customer('A'), alice.revision) == before
    assert [said.score for said in bob.predictions()] == [900_000]


def test_progress_is_told_while_rows_are_read_and_at_the_end(alice: Desk) -> None:
    told: list[tuple[int, int]] = []
    Ingest(alice.database, clock=lambda: NOW).take(
        alice.user_id, many(1_200), kind=SourceKind.FILE, name='a.csv', progress=lambda *counts: told.append(counts)
    )
    assert told == [(500, 0), (1_000, 0), (1_200, 0)]


def test_stored_instants_and_sources_tell_where_a_row_came_from(alice: Desk) -> None:
    alice.take(row('A', 1, None), name='a.csv')
    (stored,), (source,) = alice.all(Prediction), alice.all(Source)
    assert (stored.source_id, stored.committed_at, stored.timed) == (source.id, to_micros(NOW), False)
    assert (source.name, source.kind, source.created_at) == ('a.csv', SourceKind.FILE, to_micros(NOW))
