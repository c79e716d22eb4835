"""Which rollups of a user are read, and what they were built for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import Session, col

from services.models import UserRevision
from services.rollup_tables import RollupBuild
from services.scores import RiskBands


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a user's rollups were built for."""

    zone: str
    bands: RiskBands


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One set of a user's rollups."""

    number: int
    built: Built
    upto: str | None = None
    """The last customer it has, while it is being built; ``None``: it has all of them."""


def state_of(session: Session, user_id: int) -> Built | None:
    """What the rollups that are read were built for; ``None``: they are not built."""
    generation = read_generation(session, user_id)
    return generation.built if generation else None


def read_generation(session: Session, user_id: int) -> Generation | None:
    """The rollups that are read; ``None``: they are not built."""
    found = session.execute(
        select(
            col(UserRevision.rollup_generation),
            col(UserRevision.rollup_zone),
            col(UserRevision.rollup_medium),
            col(UserRevision.rollup_high),
        ).where(col(UserRevision.user_id) == user_id)
    ).one()
    if not found.rollup_zone:
        return None
    bands = RiskBands(medium=found.rollup_medium, high=found.rollup_high)
    return Generation(number=found.rollup_generation, built=Built(zone=found.rollup_zone, bands=bands))


def being_built(session: Session, user_id: int) -> Generation | None:
    """The generation that is on its way, if any."""
    found = session.execute(select(RollupBuild).where(col(RollupBuild.user_id) == user_id)).scalar()
    if found is None:
        return None
    built = Built(zone=found.zone, bands=RiskBands(medium=found.medium, high=found.high))
    return Generation(number=found.generation, built=built, upto=found.upto)


def current(table: Any, user_id: int) -> ColumnElement[bool]:
    """Which rows of a rollup are a user's present ones."""
    number = select(col(UserRevision.rollup_generation)).where(col(UserRevision.user_id) == user_id).scalar_subquery()
    return and_(col(table.user_id) == user_id, col(table.generation) == number)
