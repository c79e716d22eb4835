"""What readers must know of users at each beat, in one query for all of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.models import User, UserRevision


@dataclass(frozen=True, kw_only=True)
class UserState:
    """A user as of one look at the database."""

    user_id: int
    revision: int
    arrivals: int
    time_zone: str
    disabled: bool
    token_version: int


def user_states(session: Session, user_ids: Collection[int]) -> dict[int, UserState]:
    """The state of each of these users; one that does not exist is absent."""
    found = session.execute(
        select(
            col(UserRevision.user_id),
            col(UserRevision.revision),
            col(UserRevision.arrivals),
            # until a new zone's rollups are built, readers see the days of the old one
            func.coalesce(col(UserRevision.rollup_zone), col(User.time_zone)).label('time_zone'),
            col(User.disabled),
            col(User.token_version),
        )
        .join(User, col(User.id) == col(UserRevision.user_id))
        .where(col(UserRevision.user_id).in_(user_ids))
    ).mappings()
    return {row['user_id']: UserState(**row) for row in found}
