"""The customers of a query by their 7-day change: nothing but going through all of them gives that order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Subquery, func, or_, select, union_all
from sqlmodel import Session, col

from services.cursors import Place, below
from services.latest_days import latest_days
from services.rollup_reads import Span
from services.rollup_tables import CustomerDay
from services.score_change import earlier_score, week_before
from services.scores import ONE
from services.selection import Selection, is_latest

NO_CHANGE = -2 * ONE
"""Stands for the change of who had no score a week before: below any there is, so that they come last."""


def by_change_from_rollups(
    session: Session, selection: Selection, span: Span, *, most: int, after: Place | None, without: Select[str] | None
) -> Select[*tuple[Any, ...]]:
    """(arrival, change, score), the largest rise first; of equal ones by score, then that which arrived last.

    :param after: (change, score, arrival) of the one before them.
    :param without: ids of customers who are left out.
    """
    earlier = earlier_score(selection, span, of=CustomerDay).label('earlier')
    columns = (col(CustomerDay.arrival), col(CustomerDay.score), earlier)
    parts = [select(*columns).where(*part) for part in latest_days(session, selection, span)]
    if without is not None:
        parts = [part.where(col(CustomerDay.customer_id).not_in(without)) for part in parts]
    return _in_order(union_all(*parts).subquery(), most=most, after=after)


def by_change_from_predictions(
    ready: Selection, *, most: int, after: Place | None, without: Select[str] | None
) -> Select[*tuple[Any, ...]]:
    """The same of the selection's chained predictions, in one pass."""
    rows = ready.chained()
    now, then = is_latest(rows), is_latest(rows, before=week_before(ready))
    customers = (
        select(
            func.max(rows.c.arrival).filter(now).label('arrival'),
            func.max(rows.c.score).filter(now).label('score'),
            func.max(rows.c.score).filter(then).label('earlier'),
        )
        .where(or_(now, then))
        .group_by(rows.c.customer_id)
    )
    if without is not None:
        customers = customers.where(rows.c.customer_id.not_in(without))
    return _in_order(customers.subquery(), most=most, after=after)


def _in_order(customers: Subquery, *, most: int, after: Place | None) -> Select[*tuple[Any, ...]]:
    score, arrival = customers.c.score, customers.c.arrival
    change = func.coalesce(score - customers.c.earlier, NO_CHANGE).label('change')
    found = select(arrival, change, score)
    if after:
        found = found.where(below((change, score, arrival), after))
    return found.order_by(change.desc(), score.desc(), arrival.desc()).limit(most)
