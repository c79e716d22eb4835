"""Customers as REST shows them: each by one prediction, with what is known of the customer as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from services.clock import micros_rfc3339
from services.models import Prediction
from services.recent import prediction_rows, split_reasons
from services.score_change import Earlier, change_from, scores_before
from services.scores import RiskBands, from_millionths
from services.selection import Selection
from services.visibility import visible


def customer_items(
    session: Session, selection: Selection, arrivals: Sequence[int], earlier: Earlier
) -> list[dict[str, Any]]:
    """The customers of these predictions, in their order: the keys of ``CustomerItem``, absent where there is nothing.

    :param arrivals: one prediction of each.
    :param earlier: what customers' scores were a week before.
    """
    found = session.execute(customer_rows(selection.user_id).where(col(Prediction.arrival).in_(arrivals)))
    rows = {row.arrival: row for row in found}
    before = scores_before(session, earlier, [row.customer_id for row in rows.values()])
    return [
        customer_item(row, selection.bands, earlier=before.get(row.customer_id))
        for row in (rows[arrival] for arrival in arrivals)
    ]


def customer_rows(user_id: int) -> Select[*tuple[Any, ...]]:
    """Predictions of a user with the times of their customer's first and last one."""
    first, last = (_seen(user_id, latest=latest) for latest in (False, True))
    rows = prediction_rows().add_columns(first.label('first_seen'), last.label('last_seen'))
    return rows.where(col(Prediction.user_id) == user_id)


def customer_item(row: Row[Any], bands: RiskBands, *, earlier: int | None) -> dict[str, Any]:
    """A row of :func:`customer_rows` as it is sent.

    :param earlier: the customer's score a week before, in millionths.
    """
    optional = {
        'customer_name': row.customer_name,
        'account_value': None if row.account_value is None else row.account_value / 1_000_000,
        'reasons': split_reasons(row.reasons),
        'change_7d': change_from(earlier, row.score),
    }
    item = {
        'customer_id': row.customer_id,
        'churn_score': from_millionths(row.score),
        'risk_level': bands.level(row.score).value,
        'timestamp': micros_rfc3339(row.predicted_at),
        'status': row.status,
        'first_seen': micros_rfc3339(row.first_seen),
        'last_seen': micros_rfc3339(row.last_seen),
    }
    return item | {key: value for key, value in optional.items() if value is not None}


def _seen(user_id: int, *, latest: bool) -> ScalarSelect[int]:
    one = aliased(Prediction)
    at, arrival = col(one.predicted_at), col(one.arrival)
    return (
        select(at)
        .where(*visible(user_id, of=one), col(one.customer_id) == col(Prediction.customer_id))
        .order_by(*((at.desc(), arrival.desc()) if latest else (at, arrival)))
        .limit(1)
        .correlate(Prediction)
        .scalar_subquery()
    )
