"""Single predictions as the payload shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, and_, func, select
from sqlmodel import Session, col

from services.clock import micros_rfc3339
from services.encoding import encode
from services.models import Customer, Prediction, Source
from services.schemas import ActivityItem
from services.scores import RiskBands, from_millionths
from services.selection import Selection
from services.visibility import visible

RECENT = 20
ITEMS = TypeAdapter(tuple[ActivityItem, ...])


class RecentItem(NamedTuple):
    """A prediction among the newest ones: its place in their order, which no other shares, and how it is sent."""

    predicted_at: int
    arrival: int
    customer_id: str
    customer_name: str | None
    encoded: bytes
    """JSON of an ``ActivityItem``."""

    @classmethod
    def of(cls, row: Row[Any], bands: RiskBands) -> Self:
        encoded = encode(activity_item(row, bands))
        return cls(row.predicted_at, row.arrival, row.customer_id, row.customer_name, encoded)


@dataclass(frozen=True)
class Recent:
    """The newest predictions of a query by (predicted_at, arrival), newest first; at most 20."""

    items: tuple[RecentItem, ...] = ()

    @classmethod
    def newest(cls, items: Iterable[RecentItem]) -> Self:
        """The newest of these."""
        return cls(tuple(sorted(items, reverse=True)[:RECENT]))

    def with_new(self, new: Sequence[RecentItem]) -> Self | None:
        """The newest of these and some that were added; ``None`` if these cannot be right any more.

        A new row may bring a customer's name; the customer's rows that were here show it, too.
        """
        names = {item.customer_id: item.customer_name for item in new}
        renamed = [
            item for item in self.items if item.customer_id in names and names[item.customer_id] != item.customer_name
        ]
        if renamed:
            return None
        return self.newest((*self.items, *new))

    @property
    def encoded(self) -> bytes:
        return b'[' + b','.join([item.encoded for item in self.items]) + b']'

    @cached_property
    def activity(self) -> tuple[ActivityItem, ...]:
        return ITEMS.validate_json(self.encoded)


def recent_activity(session: Session, selection: Selection) -> Recent:
    """The 20 predictions of the query with the greatest (predicted_at, arrival)."""
    newest = (
        prediction_rows()
        .where(*selection.conditions())
        .order_by(col(Prediction.predicted_at).desc(), col(Prediction.arrival).desc())
        .limit(RECENT)
    )
    return Recent(tuple(RecentItem.of(row, selection.bands) for row in session.execute(newest)))


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


def activity_item(row: Row[Any], bands: RiskBands) -> dict[str, Any]:
    """The keys of ``ActivityItem`` in their order; optional ones without a value are absent."""
    item: dict[str, Any] = {
        'id': str(row.arrival),
        'user_id': str(row.user_id),
        'churn_score': from_millionths(row.score),
        'risk_level': bands.level(row.score).value,
        'timestamp': micros_rfc3339(row.predicted_at),
    }
    if row.file_name:
        item['file_name'] = row.file_name
    item['status'] = row.status
    item['customer_id'] = row.customer_id
    if row.customer_name is not None:
        item['customer_name'] = row.customer_name
    if row.reasons:
        item['reasons'] = split_reasons(row.reasons)
    return item


def split_reasons(reasons: str | None) -> tuple[str, ...] | None:
    return tuple(reasons.split('\n')) if reasons else None


def join_reasons(reasons: Sequence[str]) -> str | None:
    return '\n'.join(reasons) or None
