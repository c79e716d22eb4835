"""Taking predictions in: a file or call is one transaction, wholly in or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import Session, col, select

from services.clock import Clock, to_micros
from services.database import Database
from services.errors import ChurnboardError
from services.models import Source, SourceKind, UserRevision
from services.prediction_merge import Merge
from services.prediction_rows import PredictionRow, RowError
from services.revisions import next_revision
from services.rollups import Rollups
from services.row_spool import RowSpool
from services.scores import RiskBands

MAX_ERRORS = 1_000
PROGRESS_EVERY = 500
DEFAULT_BANDS = RiskBands()


@dataclass(frozen=True, kw_only=True)
class IngestResult:
    """What became of the rows; ``errors`` lists the first ``MAX_ERRORS`` of the rejected ones."""

    accepted: int = 0
    corrected: int = 0
    duplicates: int = 0
    rejected: int = 0
    errors: tuple[RowError, ...] = ()

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

    def __init__(self, database: Database, *, clock: Clock, bands: RiskBands = DEFAULT_BANDS) -> None:
        self._database = database
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
        progress: Callable[[int], None] | None = None,
        stored: Callable[[int], None] | None = None,
    ) -> IngestResult:
        """Take all rows in, in their order.

        Rows are read and checked before the transaction begins, so that a long file does not hold up other writers.

        :param name: the file's base name; empty for the API.
        :param progress: called now and then with the number of rows read.
        :param stored: called now and then, afterwards, with the number of rows in the transaction.
        :raises InvalidRows: a row is bad and ``skip_bad_rows`` is not set; nothing was taken.
        :raises Unavailable: the database does not answer; nothing was taken.
        """
        with RowSpool() as spool:
            rejected, errors = _sort_out(rows, spool, progress)
            if rejected and not skip_bad_rows:
                raise InvalidRows(IngestResult(rejected=rejected, errors=errors))
            if not spool.rows:
                return IngestResult(rejected=rejected, errors=errors)
            with self._database.writing() as session:
                merge = self._store(session, user_id, spool, kind=kind, name=name, rejected=rejected, told=stored)
        return IngestResult(
            accepted=merge.accepted,
            corrected=merge.corrected,
            duplicates=merge.duplicates,
            rejected=rejected,
            errors=errors,
        )

    def _store(
        self,
        session: Session,
        user_id: int,
        spool: RowSpool,
        *,
        kind: SourceKind,
        name: str,
        rejected: int,
        told: Callable[[int], None] | None,
    ) -> Merge:
        now = to_micros(self._clock())
        revision, arrivals = next_revision(session, user_id)
        source = _source(session, user_id, kind=kind, name=name, revision=revision, now=now)
        rollups = Rollups.of(session, user_id, bands=self._bands)
        merge = Merge(session, source, rollups, arrivals=arrivals, now=now)
        rows = 0
        for batch in spool.batches():
            merge.add(batch)
            rows += len(batch)
            if told:
                told(rows)
        merge.finish()
        rollups.settle()
        source.accepted += merge.accepted
        source.corrected += merge.corrected
        source.duplicates += merge.duplicates
        source.rejected += rejected
        session.add(source)
        session.execute(
            update(UserRevision).where(col(UserRevision.user_id) == user_id).values(arrivals=merge.arrivals)
        )
        return merge


def _sort_out(
    rows: Iterable[PredictionRow | RowError], spool: RowSpool, progress: Callable[[int], None] | None
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
        if progress and number % PROGRESS_EVERY == 0:
            progress(number)
    if progress:
        progress(spool.rows + rejected)
    return rejected, tuple(errors)


def _source(session: Session, user_id: int, *, kind: SourceKind, name: str, revision: int, now: int) -> Source:
    """A new source for a file; the one of its kind for what comes in bit by bit."""
    if kind is not SourceKind.FILE:
        known = session.exec(
            select(Source).where(Source.user_id == user_id, Source.kind == kind, Source.name == name)
        ).first()
        if known:
            return known
    source = Source(user_id=user_id, id=revision, kind=kind, name=name, created_at=now)
    session.add(source)
    session.flush()
    return source
