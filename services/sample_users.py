"""Who has data that was made up for the sample workspace."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sqlalchemy import Select, select
from sqlmodel import Session, col

from services.many_users import dialect_of, of_users, users_parameter
from services.models import Source, SourceKind


def with_sample(session: Session, user_ids: Collection[int]) -> set[int]:
    """Those of the users who have any, in one query."""
    dialect = dialect_of(session)
    found = session.connection().execute(_samples(dialect), users_parameter(user_ids, dialect))
    return set(found.scalars())


@cache
def _samples(dialect: str) -> Select[int]:
    user_id = col(Source.user_id)
    return select(user_id).where(of_users(user_id, dialect), col(Source.kind) == SourceKind.SAMPLE).distinct()
