"""The source that rows come from, as it is written beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlmodel import Session, select

from services.errors import NotFound
from services.models import Source, SourceKind


class Taken(Protocol):
    """What became of the rows."""

    accepted: int
    corrected: int
    duplicates: int


@dataclass(frozen=True, kw_only=True)
class NewSource:
    """A file, or what comes in bit by bit by the API or the sample feed."""

    kind: SourceKind
    name: str
    rejected: int = 0
    content_hash: str | None = None
    goes_on: bool = False
    """Whether it is to be there already."""

    def begin(self, session: Session, user_id: int, *, revision: int, now: int) -> Source:
        """A new source for a file; the one of its kind for what comes in bit by bit.

        :raises NotFound: it was to go on, and is there no more.
        """
        if self.kind is not SourceKind.FILE:
            known = session.exec(
                select(Source).where(Source.user_id == user_id, Source.kind == self.kind, Source.name == self.name)
            ).first()
            if known:
                return known
        if self.goes_on:
            raise NotFound('The source of these rows is there no more.')
        source = Source(
            user_id=user_id,
            id=revision,
            kind=self.kind,
            name=self.name,
            content_hash=self.content_hash,
            created_at=now,
        )
        session.add(source)
        session.flush()
        return source

    def count(self, session: Session, source: Source, taken: Taken) -> None:
        """Add what became of its rows."""
        source.accepted += taken.accepted
        source.corrected += taken.corrected
        source.duplicates += taken.duplicates
        source.rejected += self.rejected
        session.add(source)
