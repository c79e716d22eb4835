"""Who has data that was made up for the sample workspace."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from services.models import Source, SourceKind


def with_sample(session: Session, user_ids: Collection[int]) -> set[int]:
    """Those of the users who have any, in one query."""
    return set(session.execute(_SAMPLES, {'users': list(user_ids)}).scalars())


_SAMPLES = (
    select(col(Source.user_id))
    .where(col(Source.user_id).in_(bindparam('users', expanding=True)), col(Source.kind) == SourceKind.SAMPLE)
    .distinct()
)
