"""What is known of customers beside their scores: the name and value of the newest row that states one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from services.models import Customer, Prediction

CHUNK = 2_000


def note_customers(session: Session, user_id: int, predictions: Iterable[Mapping[str, Any] | RowMapping]) -> None:
    """Take in what new predictions (in order of arrival) say of their customers."""
    known: dict[str, dict[str, Any]] = {}
    for row in predictions:
        customer = known.setdefault(row['customer_id'], _blank(user_id, row['customer_id']))
        _note(customer, row)
    if known:
        _upsert(session, list(known.values()))


def rebuild_customers(session: Session, user_id: int, customer_ids: Collection[str]) -> None:
    """Work out anew what remains known of these customers after rows of theirs were corrected or deleted."""
    ids = list(customer_ids)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        mine = and_(col(Customer.user_id) == user_id, col(Customer.customer_id).in_(chunk))
        session.exec(delete(Customer).where(mine))
        rows = session.execute(
            select(
                col(Prediction.customer_id),
                col(Prediction.customer_name),
                col(Prediction.account_value),
                col(Prediction.predicted_at),
            )
            .where(col(Prediction.user_id) == user_id, col(Prediction.customer_id).in_(chunk))
            .order_by(col(Prediction.predicted_at), col(Prediction.arrival))
        ).mappings()
        note_customers(session, user_id, rows)


def _blank(user_id: int, customer_id: str) -> dict[str, Any]:
    return {
        'user_id': user_id,
        'customer_id': customer_id,
        'folded_id': customer_id.casefold(),
        'name': None,
        'folded_name': None,
        'name_at': None,
        'account_value': None,
        'value_at': None,
    }


def _note(customer: dict[str, Any], row: Mapping[str, Any] | RowMapping) -> None:
    at = row['predicted_at']
    if row['customer_name'] is not None and (customer['name_at'] is None or at >= customer['name_at']):
        customer.update(name=row['customer_name'], folded_name=row['customer_name'].casefold(), name_at=at)
    if row['account_value'] is not None and (customer['value_at'] is None or at >= customer['value_at']):
        customer.update(account_value=row['account_value'], value_at=at)


def _upsert(session: Session, customers: list[dict[str, Any]]) -> None:
    on_sqlite = session.get_bind().dialect.name == 'sqlite'
    dialect: Any = sqlite if on_sqlite else postgresql
    statement = dialect.insert(Customer)
    new = statement.excluded
    newer_name = _newer(new.name_at, col(Customer.name_at))
    newer_value = _newer(new.value_at, col(Customer.value_at))
    changes = {
        'name': case((newer_name, new.name), else_=col(Customer.name)),
        'folded_name': case((newer_name, new.folded_name), else_=col(Customer.folded_name)),
        'name_at': case((newer_name, new.name_at), else_=col(Customer.name_at)),
        'account_value': case((newer_value, new.account_value), else_=col(Customer.account_value)),
        'value_at': case((newer_value, new.value_at), else_=col(Customer.value_at)),
    }
    upsert = statement.on_conflict_do_update(
        index_elements=['user_id', 'customer_id'], set_=changes, where=or_(newer_name, newer_value)
    )
    if not on_sqlite:
        # nobody reads it: but what returns something is sent in pages of many rows, everything else row by row
        upsert = upsert.returning(col(Customer.user_id))
    session.connection().execute(upsert, customers)


def _newer(new: ColumnElement[int | None], old: Mapped[int | None]) -> ColumnElement[bool]:
    return and_(new.is_not(None), or_(old.is_(None), new >= old))
