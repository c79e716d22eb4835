"""Customers at risk as the board lists them, from the predictions that were found for them."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Row, Select
from sqlmodel import Session, col

from services.clock import micros_rfc3339
from services.models import Prediction
from services.recent import prediction_rows, split_reasons
from services.schemas import AtRiskCustomer
from services.score_change import Earlier, change_from, scores_before
from services.scores import RiskBands, from_millionths
from services.selection import Selection

AT_RISK = 20

ALL_GIVEN = set(AtRiskCustomer.model_fields)
"""Which fields were given, in one set for all: their own is two thirds of a customer, and 20 are kept for everybody who
is watched."""


class ScoredCustomer(NamedTuple):
    """A customer's latest prediction, as far as it is shown."""

    user_id: int
    arrival: int
    customer_id: str
    customer_name: str | None
    score: int
    predicted_at: int
    account_value: int | None
    reasons: str | None
    earlier: int | None
    """Its score a week before."""


def customers_by_arrival(
    session: Session, selection: Selection, arrivals: Select[*tuple[Any, ...]], earlier: Earlier
) -> tuple[AtRiskCustomer, ...]:
    """The customers of these predictions, highest score first; among equals the later arrival. At most 20."""
    rows = session.execute(
        prediction_rows()
        .where(col(Prediction.user_id) == selection.user_id, col(Prediction.arrival).in_(arrivals))
        # the sum keeps SQLite from going through everybody in the order of an index
        .order_by((col(Prediction.score) + 0).desc(), col(Prediction.arrival).desc())
        .limit(AT_RISK)
    ).all()
    before = scores_before(session, earlier, [row.customer_id for row in rows])
    return tuple(at_risk_customer(row, selection.bands, earlier=before.get(row.customer_id)) for row in rows)


def at_risk_customer(row: ScoredCustomer | Row[Any], bands: RiskBands, *, earlier: int | None) -> AtRiskCustomer:
    """
    :param row: of :func:`services.recent.prediction_rows`, where there is no tuple.
    :param earlier: the customer's score a week before, in millionths.
    """
    customer = AtRiskCustomer(
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        churn_score=from_millionths(row.score),
        risk_level=bands.level(row.score),
        timestamp=micros_rfc3339(row.predicted_at),
        account_value=None if row.account_value is None else row.account_value / 1_000_000,
        reasons=split_reasons(row.reasons),
        change_7d=change_from(earlier, row.score),
    )
    object.__setattr__(customer, '__pydantic_fields_set__', ALL_GIVEN)  # past the model's being frozen
    return customer
