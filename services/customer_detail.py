"""One customer: what is known of it, its latest prediction against the one before, its history, and what was noted."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from services.cursors import Place, below, cursor_of
from services.customer_rows import customer_item, customer_rows
from services.models import Prediction
from services.prediction_list import prediction_item
from services.recent import prediction_rows
from services.record_items import notes_about, record_about
from services.score_change import WEEK
from services.scores import from_millionths
from services.selection import Selection
from services.visibility import visible

AT, ARRIVAL = col(Prediction.predicted_at), col(Prediction.arrival)
NEWEST_FIRST = (AT.desc(), ARRIVAL.desc())


def customer_detail(
    session: Session, selection: Selection, customer_id: str, *, limit: int, after: Place | None, about: Hashable
) -> dict[str, Any] | None:
    """The keys of ``CustomerDetail``; ``None``: there is no such customer.

    :param selection: its days are those of the history; everything else is of all predictions.
    :param about: what cursors of the history are of.
    """
    mine = [*visible(selection.user_id), col(Prediction.customer_id) == customer_id]
    latest = customer_rows(selection.user_id).where(*mine).order_by(*NEWEST_FIRST).limit(1)
    row = session.execute(latest).first()
    if row is None:
        return None
    scores = (
        session.execute(select(col(Prediction.score)).where(*mine).order_by(*NEWEST_FIRST).limit(2)).scalars().all()
    )
    detail = customer_item(row, selection.bands, earlier=_a_week_ago(session, selection, mine))
    detail['predictions'] = session.execute(select(func.count()).where(*mine)).scalar_one()
    if len(scores) == 2:
        detail['change'] = from_millionths(scores[0] - scores[1])
    detail |= record_about(session, selection.user_id, customer_id, today=selection.today, latest=row.score)
    detail['history'] = _history(session, selection, mine, limit=limit, after=after, about=about)
    detail['notes'] = notes_about(session, selection.user_id, customer_id)
    return detail


def _a_week_ago(session: Session, selection: Selection, mine: list[ColumnElement[bool]]) -> int | None:
    """The customer's score as of the end of the day 7 days before today, in millionths."""
    then = selection.end_of(selection.today - timedelta(days=WEEK))
    score = select(col(Prediction.score)).where(*mine, then > AT).order_by(*NEWEST_FIRST).limit(1)
    return session.execute(score).scalar()


def _history(
    session: Session,
    selection: Selection,
    mine: list[ColumnElement[bool]],
    *,
    limit: int,
    after: Place | None,
    about: Hashable,
) -> dict[str, Any]:
    first, last = selection.query.days(selection.today)
    rows = prediction_rows().where(*mine)
    if first:
        rows = rows.where(selection.start_of(first) <= AT)
    if last:
        rows = rows.where(selection.end_of(last) > AT)
    if after:
        rows = rows.where(below((AT, ARRIVAL), after))
    found = session.execute(rows.order_by(*NEWEST_FIRST).limit(limit + 1)).all()
    shown = found[:limit]
    more = len(found) > limit
    return {
        'items': [prediction_item(row, selection.bands) for row in shown],
        'next_cursor': cursor_of((shown[-1].predicted_at, shown[-1].arrival), about) if more else None,
    }
