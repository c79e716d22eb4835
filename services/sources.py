"""Where a user's predictions came from: listing it, knowing a file again, and undoing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from services.clock import from_micros
from services.database import Database
from services.errors import NotFound
from services.models import Source, SourceKind, UserRevision
from services.revisions import next_revision
from services.rollups import Rollups
from services.scores import RiskBands
from services.source_removal import Removed, remove_source


@dataclass(frozen=True, kw_only=True)
class SourceInfo:
    """A file that was taken in, the API, or the sample generator, with what became of its rows."""

    id: int
    kind: SourceKind
    name: str
    """The file's base name; empty for the API."""
    accepted: int
    corrected: int
    duplicates: int
    rejected: int
    created_at: datetime
    content_hash: str | None
    """SHA-256 of an uploaded file's bytes, in hexadecimal digits."""


class Sources:
    """The sources of users. Everything here blocks: run it on a worker thread."""

    def __init__(self, database: Database, *, bands: RiskBands) -> None:
        self._database = database
        self._bands = bands

    def list(self, user_id: int) -> tuple[SourceInfo, ...]:
        """All sources of a user, newest first.

        :raises Unavailable: the database does not answer.
        """
        with self._database.reading() as session:
            loading = session.get_one(UserRevision, user_id).loading
            found = session.exec(select(Source).where(Source.user_id == user_id).order_by(col(Source.id).desc()))
            return tuple(_info(source) for source in found if source.id != loading)

    def with_hash(self, user_id: int, content_hash: str) -> SourceInfo | None:
        """The source that these bytes were taken in by already, if it was not undone since.

        :raises Unavailable: the database does not answer.
        """
        with self._database.reading() as session:
            found = session.exec(
                select(Source).where(Source.user_id == user_id, Source.content_hash == content_hash)
            ).first()
            loading = session.get_one(UserRevision, user_id).loading
            return _info(found) if found and found.id != loading else None

    def remove(self, user_id: int, source_id: int) -> Removed:
        """Undo a source exactly, see :mod:`services.source_removal`.

        :raises NotFound: the user has no such source.
        :raises Unavailable: the database does not answer; nothing was changed.
        """
        with self._database.writing() as session:
            next_revision(session, user_id)
            if session.get(Source, (user_id, source_id)) is None:
                raise NotFound('There is no such source: it may have been undone already.')
            return undo(session, user_id, [source_id], bands=self._bands)


def undo(session: Session, user_id: int, source_ids: list[int], *, bands: RiskBands) -> Removed:
    """Undo sources in the caller's transaction, which holds the user's revision row."""
    rollups = Rollups.of(session, user_id, bands=bands)
    removed = [remove_source(session, user_id, source_id, rollups) for source_id in source_ids]
    rollups.settle()
    return Removed(deleted=sum(each.deleted for each in removed), restored=sum(each.restored for each in removed))


def _info(source: Source) -> SourceInfo:
    return SourceInfo(
        id=source.id,
        kind=SourceKind(source.kind),
        name=source.name,
        accepted=source.accepted,
        corrected=source.corrected,
        duplicates=source.duplicates,
        rejected=source.rejected,
        created_at=from_micros(source.created_at),
        content_hash=source.content_hash,
    )
