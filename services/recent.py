"""Single predictions as the payload shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple, Self

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Row, Select, and_, func, select
from sqlmodel import Session, col

from services.clock import micros_rfc3339
from services.models import Customer, Prediction, Source
from services.schemas import ActivityItem
from services.scores import RiskBands, from_millionths
from services.selection import Selection
from services.visibility import visible

RECENT = 20
NEXT = b',{"id":'
"""Between the JSON of two items, and nowhere else: within a text quotes are escaped."""
INSTANT = Struct('q')
ITEMS = TypeAdapter(tuple[ActivityItem, ...])


class ShownPrediction(NamedTuple):
    """What is shown of a prediction. A tuple: one is made of each that comes, and a row of the ORM is slow to read."""

    arrival: int
    user_id: int
    score: int
    predicted_at: int
    committed_at: int
    status: str
    customer_id: str
    reasons: str | None
    customer_name: str | None
    file_name: str


class RecentItem(NamedTuple):
    """A prediction that may be among the newest ones: its place in their order, and how it is sent."""

    predicted_at: int
    arrival: int
    customer_id: str
    customer_name: str | None
    encoded: bytes
    """JSON of an ``ActivityItem``."""

    @classmethod
    def of(cls, row: ShownPrediction | Row[Any], bands: RiskBands) -> Self:
        encoded = orjson.dumps(activity_item(row, bands))
        return cls(row.predicted_at, row.arrival, row.customer_id, row.customer_name, encoded)


class Recent(NamedTuple):
    """The newest predictions of a query by (predicted_at, arrival), newest first; at most 20.

    Kept for every user who is watched: hence nothing but the JSON that is sent, and what orders it.
    """

    encoded: bytes = b'[]'
    """JSON of ``ActivityItem`` objects."""
    instants: bytes = b''
    """``predicted_at`` of each, in eight bytes."""

    @classmethod
    def newest(cls, items: Iterable[RecentItem]) -> Self:
        """The newest of these."""
        return cls._of([(item.predicted_at, item.encoded) for item in sorted(items, reverse=True)[:RECENT]])

    @property
    def newest_at(self) -> int | None:
        """``predicted_at`` of the newest; ``None``: there are none."""
        return INSTANT.unpack_from(self.instants)[0] if self.instants else None

    @property
    def activity(self) -> tuple[ActivityItem, ...]:
        return ITEMS.validate_json(self.encoded)

    def with_new(self, new: Sequence[RecentItem]) -> Self | None:
        """The newest of these and some that were added later; ``None`` if these cannot be right any more.

        A new row may bring a customer's name; the customer's rows that were here show it, too.
        """
        if not new:
            return self
        if any(self._names_otherwise(item) for item in new):
            return None
        added = [(item.predicted_at, item.encoded) for item in sorted(new, reverse=True)]
        newest, (oldest_new, _) = self.newest_at, added[-1]
        if newest is None or oldest_new >= newest:
            return self._with_newer(added)
        known = zip([at for (at,) in INSTANT.iter_unpack(self.instants)], self.items, strict=True)
        # the sort keeps the order of equals: of two of the same instant the newer one came later
        return self._of(sorted([*added, *known], key=itemgetter(0), reverse=True))

    @classmethod
    def _of(cls, items: Sequence[tuple[int, bytes]]) -> Self:
        """:param items: ``predicted_at`` and JSON, newest first."""
        kept = items[:RECENT]
        encoded = b','.join([encoded for _, encoded in kept])
        return cls(b'[%b]' % encoded, b''.join([INSTANT.pack(at) for at, _ in kept]))

    def _with_newer(self, added: Sequence[tuple[int, bytes]]) -> Self:
        """What is usual, at a fraction of the cost: the new ones are put in front, and the last ones cut off."""
        known = len(self.instants) // INSTANT.size
        kept = min(known, RECENT - len(added))
        if kept <= 0:
            return self._of(added)
        end = len(self.encoded) - 1
        for _ in range(known - kept):
            end = self.encoded.rfind(NEXT, 0, end)
        instants = [*(INSTANT.pack(at) for at, _ in added), self.instants[: kept * INSTANT.size]]
        encoded: list[bytes | memoryview] = [*(encoded for _, encoded in added), memoryview(self.encoded)[1:end]]
        return type(self)(b'[%b]' % b','.join(encoded), b''.join(instants))

    @property
    def items(self) -> list[bytes]:
        """The JSON of each."""
        first, *others = self.encoded[1:-1].split(NEXT)
        return [first, *(NEXT[1:] + rest for rest in others)] if self.instants else []

    def _names_otherwise(self, item: RecentItem) -> bool:
        """Whether a prediction of the same customer is here under another name, or under none."""
        customer = b'"customer_id":%b' % orjson.dumps(item.customer_id)
        if customer not in self.encoded:
            return False
        named = customer + b',"customer_name":'
        if item.customer_name is None:
            return named in self.encoded
        return self.encoded.count(customer) != self.encoded.count(named + orjson.dumps(item.customer_name))


def recent_activity(session: Session, selection: Selection) -> Recent:
    """The 20 predictions of the query with the greatest (predicted_at, arrival)."""
    newest = (
        prediction_rows()
        .where(*selection.conditions())
        .order_by(col(Prediction.predicted_at).desc(), col(Prediction.arrival).desc())
        .limit(RECENT)
    )
    return Recent.newest(RecentItem.of(row, selection.bands) for row in session.execute(newest))


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


def activity_item(row: ShownPrediction | Row[Any], bands: RiskBands) -> dict[str, Any]:
    """The keys of ``ActivityItem`` in their order, which ``Recent`` relies on; optional ones without value are absent.

    :param row: of :func:`prediction_rows`, where there is no tuple.
    """
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
