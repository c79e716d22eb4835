"""The predictions of a filter, looked for once for all that is asked of them: sums, lists and charts."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import BigInteger, Integer, Text, column, insert, literal, select, table, tuple_
from sqlmodel import Session, col

from services.models import Prediction
from services.recent import RECENT, Recent, RecentItem, prediction_rows
from services.selection import Selection
from services.temporary_tables import TemporaryTable

TABLE = TemporaryTable('matching', 'customer_id TEXT, arrival BIGINT, score INTEGER, at BIGINT, next_at BIGINT')
MATCHING = table(
    TABLE.name,
    column('customer_id', Text),
    column('arrival', BigInteger),
    column('score', Integer),
    column('at', BigInteger),
    column('next_at', BigInteger),
)


def match(session: Session, selection: Selection) -> Selection:
    """Put the selection's chained predictions into a table of the connection; what is asked of the result reads it."""
    TABLE.create(session)
    TABLE.clear(session)
    rows = select(selection.chained())
    session.execute(insert(MATCHING).from_select(list(rows.selected_columns.keys()), rows))
    return replace(selection, matched=MATCHING)


def newest(session: Session, selection: Selection) -> Recent:
    """The 20 predictions with the greatest (predicted_at, arrival) of a selection that was matched."""
    arrivals = (
        select(literal(selection.user_id), MATCHING.c.arrival)
        .order_by(MATCHING.c.at.desc(), MATCHING.c.arrival.desc())
        .limit(RECENT)
    )
    rows = session.execute(
        prediction_rows().where(tuple_(col(Prediction.user_id), col(Prediction.arrival)).in_(arrivals))
    )
    return Recent.newest(RecentItem.of(row, selection.bands) for row in rows)
