"""Which predictions count: those of a file that is being taken in bit by bit do not until all of it is there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from services.models import Prediction, UserRevision


def visible(user_id: int, *, of: Any = Prediction) -> list[ColumnElement[bool]]:
    """The predictions of a user that were committed as a whole: a file on its way has arrival numbers beyond them.

    :param of: the table, or an alias of it.
    """
    committed = select(col(UserRevision.arrivals)).where(col(UserRevision.user_id) == user_id).scalar_subquery()
    # the sum keeps the arrival out of the choice of an index: nearly all predictions are visible
    return [col(of.user_id) == user_id, col(of.arrival) + 0 <= committed]
