"""Taking predictions in: a file or call is one transaction, wholly in or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import Session, col

from services.bulk_load import BulkLoad
from services.clock import Clock, to_micros
from services.database import Database
from services.errors import ChurnboardError
from services.models import SourceKind, UserRevision
from services.new_source import NewSource, Taken
from services.prediction_load import Load, only_adds
from services.prediction_merge import Merge
from services.prediction_rows import PredictionRow, RowError
from services.revisions import next_revision
from services.rollups import Rollups, worth_a_rebuild
from services.row_spool import RowSpool
from services.row_staging import INCOMING, stage
from services.scores import RiskBands
from services.statistics import analyze, is_long

MAX_ERRORS = 1_000
PROGRESS_EVERY = 500

FEW = 2_000
"""Rows up to which going row by row takes less time than staging them."""

LONG = 50_000
"""Rows up to which one transaction is short enough for those who wait for SQLite's lock."""

DEFAULT_BANDS = RiskBands()


@dataclass(frozen=True, kw_only=True)
class IngestResult:
    """What became of the rows; ``errors`` lists the first ``MAX_ERRORS`` of the rejected ones."""

    accepted: int = 0
    corrected: int = 0
    duplicates: int = 0
    rejected: int = 0
    errors: tuple[RowError, ...] = ()
    source_id: int | None = None
    """What to undo; ``None``: nothing was stored."""

    @property
    def taken(self) -> bool:
        """Whether anything was changed."""
        return bool(self.accepted or self.corrected)


class InvalidRows(ChurnboardError):
    """Some rows are bad and skipping them was not asked for: nothing was taken."""

    code = 'invalid_rows'

    def __init__(self, result: IngestResult) -> None:
        first = result.errors[0]
        rows = '1 row is' if result.rejected == 1 else f'{result.rejected:,} rows are'
        super().__init__(
            f'Nothing was taken: {rows} not valid. First: line {first.line}, {first.column}: {first.reason}'
        )
        self.result = result


class Ingest:
    """Takes rows of one user in. Everything here blocks: run it on a worker thread."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        bands: RiskBands = DEFAULT_BANDS,
        few: int = FEW,
        long: int = LONG,
    ) -> None:
        """:param few, long: see the constants; tests take other values."""
        self._database = database
        self._few = few
        self._long = long
        self._bands = bands
        self._clock = clock

    def take(
        self,
        user_id: int,
        rows: Iterable[PredictionRow | RowError],
        *,
        kind: SourceKind,
        name: str,
        skip_bad_rows: bool = False,
        progress: Callable[[int, int], None] | None = None,
        stored: Callable[[int], None] | None = None,
        rejected_rows: Callable[[RowError], None] | None = None,
        content_hash: str | None = None,
        goes_on: bool = False,
    ) -> IngestResult:
        """Take all rows in, in their order.

        Rows are read and checked before the transaction begins, so that a long file does not hold up other writers.

        :param name: the file's base name; empty for the API.
        :param progress: called now and then with the number of rows read, and of those rejected.
        :param stored: called now and then, afterwards, with the number of rows handed to the database.
        :param rejected_rows: called with every row that is rejected; the result keeps only the first.
        :param content_hash: SHA-256 of an uploaded file, to know its bytes again.
        :param goes_on: whether the source these rows belong to is to be there already.
        :raises InvalidRows: a row is bad and ``skip_bad_rows`` is not set; nothing was taken.
        :raises NotFound: what was to go on is there no more; nothing was taken.
        :raises Unavailable: the database does not answer; nothing was taken.
        """
        with RowSpool() as spool:
            rejected, errors = _sort_out(rows, spool, progress, rejected_rows)
            if rejected and not skip_bad_rows:
                raise InvalidRows(IngestResult(rejected=rejected, errors=errors))
            if not spool.rows:
                return IngestResult(rejected=rejected, errors=errors)
            new = NewSource(kind=kind, name=name, rejected=rejected, content_hash=content_hash, goes_on=goes_on)
            source, taken = self._store(user_id, spool, new, told=stored)
        return IngestResult(
            accepted=taken.accepted,
            corrected=taken.corrected,
            duplicates=taken.duplicates,
            rejected=rejected,
            errors=errors,
            source_id=source,
        )

    def _store(
        self, user_id: int, spool: RowSpool, new: NewSource, *, told: Callable[[int], None] | None
    ) -> tuple[int, Taken]:
        """All rows or none; gives the source's id and what became of the rows."""

        def staging(session: Session) -> None:
            stage(session, spool.batches(), told=told)

        if new.kind is SourceKind.FILE and self._is_for_pieces(user_id, spool.rows):
            with self._database.staged(staging) as staged:
                load = BulkLoad(self._database, staged, user_id, rows=spool.rows, bands=self._bands, clock=self._clock)
                source_id = load.take(new, told=told)
            if source_id is not None:
                return source_id, load
        many = spool.rows > self._few
        with self._database.writing(staging=staging if many else None) as session:
            return self._store_at_once(session, user_id, spool, new, many=many, told=told)

    def _is_for_pieces(self, user_id: int, rows: int) -> bool:
        """A file that would keep other writers of SQLite waiting, and is long beside what is there."""
        if rows <= self._long or not self._database.is_sqlite:
            return False
        with self._database.reading() as session:
            return worth_a_rebuild(session, user_id, rows)

    def _store_at_once(
        self,
        session: Session,
        user_id: int,
        spool: RowSpool,
        new: NewSource,
        *,
        many: bool,
        told: Callable[[int], None] | None,
    ) -> tuple[int, Taken]:
        now = to_micros(self._clock())
        revision, arrivals = next_revision(session, user_id, rewrites=False)
        source = new.begin(session, user_id, revision=revision, now=now)
        rollups = Rollups.of(session, user_id, bands=self._bands)
        taken: Merge | Load
        if many and only_adds(session, user_id):
            taken = Load(session, source, rollups, arrivals=arrivals, now=now)
            taken.take(spool.rows)
        else:
            taken = Merge(session, source, rollups, arrivals=arrivals, now=now)
            taken.take(spool.batches(), told=told)
        rollups.settle()
        new.count(session, source, taken)
        rewritten = {'rewritten': revision} if taken.corrected else {}
        session.execute(
            update(UserRevision)
            .where(col(UserRevision.user_id) == user_id)
            .values(arrivals=taken.arrivals, **rewritten)
        )
        if many:
            INCOMING.clear(session)
            if is_long(taken.accepted, taken.arrivals):
                analyze(session, 'customer', 'customer_day')
        return source.id, taken


def _sort_out(
    rows: Iterable[PredictionRow | RowError],
    spool: RowSpool,
    progress: Callable[[int, int], None] | None,
    rejected_rows: Callable[[RowError], None] | None,
) -> tuple[int, tuple[RowError, ...]]:
    """Put the good rows aside; count the bad ones and keep the first."""
    rejected = 0
    errors: list[RowError] = []
    for number, row in enumerate(rows, start=1):
        if isinstance(row, PredictionRow):
            spool.append(row)
        else:
            rejected += 1
            if len(errors) < MAX_ERRORS:
                errors.append(row)
            if rejected_rows:
                rejected_rows(row)
        if progress and number % PROGRESS_EVERY == 0:
            progress(number, rejected)
    if progress:
        progress(spool.rows + rejected, rejected)
    return rejected, tuple(errors)
