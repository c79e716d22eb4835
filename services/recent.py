"""Single predictions as the payload shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlmodel import Session, col

from services.clock import from_micros, rfc3339
from services.models import Customer, Prediction, Source
from services.schemas import ActivityItem, PredictionStatus
from services.scores import RiskBands, from_millionths
from services.selection import Selection
from services.visibility import visible

RECENT = 20


def recent_activity(session: Session, selection: Selection) -> tuple[ActivityItem, ...]:
    """The 20 predictions of the query with the greatest (predicted_at, arrival)."""
    newest = (
        prediction_rows()
        .where(*selection.conditions())
        .order_by(col(Prediction.predicted_at).desc(), col(Prediction.arrival).desc())
        .limit(RECENT)
    )
    return tuple(activity_item(row, selection.bands) for row in session.execute(newest))


def arrivals_between(
    session: Session, user_id: int, after: int, upto: int, *, bands: RiskBands, limit: int
) -> list[dict[str, Any]]:
    """The newest arrivals in (after, upto], oldest first, at most ``limit``, with ``committed_at``."""
    newest = (
        prediction_rows()
        .where(col(Prediction.user_id) == user_id, col(Prediction.arrival) > after, col(Prediction.arrival) <= upto)
        .order_by(col(Prediction.arrival).desc())
        .limit(limit)
    )
    return [
        {
            **activity_item(row, bands).model_dump(mode='json', exclude_none=True),
            'committed_at': rfc3339(from_micros(row.committed_at)),
        }
        for row in reversed(session.execute(newest).all())
    ]


def newest_prediction(session: Session, user_id: int) -> int | None:
    """``predicted_at`` of the newest prediction in microseconds."""
    at = col(Prediction.predicted_at)
    newest = select(at).where(*visible(user_id)).order_by(at.desc(), col(Prediction.arrival).desc()).limit(1)
    return session.execute(newest).scalar()


def prediction_rows() -> Select[*tuple[Any, ...]]:
    """Predictions with their file's and their customer's name."""
    return (
        select(
            col(Prediction.arrival),
            col(Prediction.user_id),
            col(Prediction.score),
            col(Prediction.predicted_at),
            col(Prediction.committed_at),
            col(Prediction.status),
            col(Prediction.customer_id),
            col(Prediction.reasons),
            col(Prediction.external_id),
            func.coalesce(col(Prediction.account_value), col(Customer.account_value)).label('account_value'),
            col(Customer.name).label('customer_name'),
            col(Source.name).label('file_name'),
        )
        .join(Source, and_(col(Source.user_id) == col(Prediction.user_id), col(Source.id) == col(Prediction.source_id)))
        .outerjoin(
            Customer,
            and_(
                col(Customer.user_id) == col(Prediction.user_id),
                col(Customer.customer_id) == col(Prediction.customer_id),
            ),
        )
    )


def activity_item(row: Row[Any], bands: RiskBands) -> ActivityItem:
    return ActivityItem(
        id=str(row.arrival),
        user_id=str(row.user_id),
        churn_score=from_millionths(row.score),
        risk_level=bands.level(row.score),
        timestamp=rfc3339(from_micros(row.predicted_at)),
        file_name=row.file_name or None,
        status=PredictionStatus(row.status),
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        reasons=split_reasons(row.reasons),
    )


def split_reasons(reasons: str | None) -> tuple[str, ...] | None:
    return tuple(reasons.split('\n')) if reasons else None


def join_reasons(reasons: Sequence[str]) -> str | None:
    return '\n'.join(reasons) or None
