"""Holding a user's revision row, which every writer of the user's data does, without saying that anything changed."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import Session, col

from services.models import UserRevision


def hold(session: Session, user_id: int) -> UserRevision:
    """The row, held until the transaction ends; on SQLite the transaction itself holds everything."""
    statement = select(UserRevision).where(col(UserRevision.user_id) == user_id).with_for_update()
    row: UserRevision = session.execute(statement.execution_options(populate_existing=True)).scalar_one()
    return row
