"""How much a customer's latest score in a query differs from that of a week before: its 7-day change.

The earlier one is the customer's latest in the query as of the end of the day 7 days before the query's anchor. Who had
none by then has no change.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import ScalarSelect, Select, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from services.models import Customer
from services.rollup_reads import Span
from services.rollup_state import current
from services.rollup_tables import CustomerDay
from services.scores import from_millionths
from services.selection import Selection, is_latest

WEEK = 7
"""Days."""

Earlier = Select[*tuple[Any, ...]]
"""A statement for (customer_id, score) of a selection's customers as of a week before, in millionths."""


def earlier_by_rollups(selection: Selection) -> Earlier:
    """Found customer by customer; made to be narrowed to some of them."""
    customer = col(Customer.customer_id)
    score = earlier_score(selection, Span.of(selection), of=Customer)
    return select(customer, score.label('score')).where(col(Customer.user_id) == selection.user_id, score.is_not(None))


def earlier_by_predictions(ready: Selection) -> Earlier:
    """From the selection's chained predictions."""
    rows = ready.chained()
    return select(rows.c.customer_id, rows.c.score).where(is_latest(rows, before=week_before(ready)))


def earlier_score(selection: Selection, span: Span, *, of: Any) -> ScalarSelect[Any]:
    """The score of a customer of the outer statement as of a week before, by the rollups: one step in an index.

    :param of: the outer table, with a ``customer_id``.
    """
    one = aliased(CustomerDay)
    return (
        select(col(one.score))
        .where(
            current(one, selection.user_id),
            col(one.customer_id) == col(of.customer_id),
            span.within(col(one.day), span.first, span.anchor - WEEK),
        )
        .order_by(col(one.day).desc())
        .limit(1)
        .correlate(of)
        .scalar_subquery()
    )


def week_before(selection: Selection) -> int:
    """The first instant after the day 7 days before the anchor."""
    return selection.end_of(selection.anchor - timedelta(days=WEEK))


def scores_before(session: Session, earlier: Earlier, customers: Collection[str]) -> dict[str, int]:
    """The earlier scores of those of these customers who have one."""
    if not customers:
        return {}
    found = session.execute(earlier.where(earlier.selected_columns.customer_id.in_(customers)))
    return {customer: score for customer, score in found}


def change_from(earlier: int | None, score: int) -> float | None:
    """Of scores in millionths, -1..1; ``None``: there was none."""
    return None if earlier is None else from_millionths(score - earlier)
