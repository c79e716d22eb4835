"""Replacing a user's rollups by new ones, in one transaction."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from services.models import UserRevision
from services.rollup_build import build
from services.rollup_state import Built, Generation
from services.rollup_tables import CustomerDay, RollupBin, RollupBuild, RollupDay, RollupInterval
from services.scores import RiskBands

ROLLUPS = (RollupDay, RollupBin, CustomerDay, RollupInterval)


def rebuild(session: Session, user_id: int, *, zone: str, bands: RiskBands) -> None:
    """Build all rollups of a user anew; the caller's transaction holds the user's revision row."""
    for table in ROLLUPS:
        session.execute(delete(table).where(col(table.user_id) == user_id))
    session.execute(delete(RollupBuild).where(col(RollupBuild.user_id) == user_id))
    generation = Generation(number=last_number(session, user_id) + 1, built=Built(zone=zone, bands=bands))
    build(session, user_id, generation)
    read(session, user_id, generation)


def read(session: Session, user_id: int, generation: Generation) -> None:
    """From this transaction on the user's readers take this generation."""
    built = generation.built
    session.execute(
        update(UserRevision)
        .where(col(UserRevision.user_id) == user_id)
        .values(
            rollup_generation=generation.number,
            rollup_zone=built.zone,
            rollup_medium=built.bands.medium,
            rollup_high=built.bands.high,
        )
    )


def last_number(session: Session, user_id: int) -> int:
    """Of the generations there were or are, those too whose building was broken off."""
    read_now = select(col(UserRevision.rollup_generation)).where(col(UserRevision.user_id) == user_id)
    being_built = select(col(RollupBuild.generation)).where(col(RollupBuild.user_id) == user_id)
    left = [select(func.max(col(table.generation))).where(col(table.user_id) == user_id) for table in ROLLUPS]
    return max(int(session.execute(number).scalar() or 0) for number in (read_now, being_built, *left))
