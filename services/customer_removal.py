"""Deleting a customer, with everything that was ever said of it."""

from __future__ import annotations

from sqlalchemy import delete, func, literal, select
from sqlmodel import col

from services.customer_records import forget_customer
from services.customers import rebuild_customers
from services.database import Database
from services.errors import NotFound
from services.models import Correction, Prediction
from services.revisions import next_revision
from services.rollups import Rollups
from services.scores import RiskBands

NOBODY = 'There is no such customer.'


def remove_customer(database: Database, user_id: int, customer_id: str, *, bands: RiskBands) -> int:
    """Delete a customer's predictions and their earlier values, and what was written down about it; blocks.

    :returns: how many predictions are gone.
    :raises NotFound: the user has no such customer.
    :raises Unavailable: the database does not answer; nothing was changed.
    """
    if '\0' in customer_id:  # PostgreSQL knows no such text
        raise NotFound(NOBODY)
    mine = (col(Prediction.user_id) == user_id, col(Prediction.customer_id) == customer_id)
    with database.writing() as session:
        next_revision(session, user_id)
        count = session.execute(select(func.count()).select_from(Prediction).where(*mine)).scalar_one()
        written = forget_customer(session, user_id, customer_id)
        if not count and not written:
            raise NotFound(NOBODY)
        rollups = Rollups.of(session, user_id, bands=bands)
        rollups.expect(count)
        rollups.change(
            select(col(Prediction.customer_id), col(Prediction.predicted_at), col(Prediction.score), literal(-1)).where(
                *mine
            )
        )
        session.execute(delete(Prediction).where(*mine))
        # what a row of another customer was before it was corrected must not bring this one back
        session.execute(
            delete(Correction).where(col(Correction.user_id) == user_id, col(Correction.customer_id) == customer_id)
        )
        rebuild_customers(session, user_id, [customer_id])
        rollups.settle()
    return int(count)
