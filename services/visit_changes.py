"""What changed in a user's customers since a moment: who is at high risk now and was not, who no longer is, who moved.

As of then is each customer's latest prediction among those that had been committed by then, with the values it has now:
a correction counts as if the row had come that way, and what was taken back as if it had never come. So a customer of
whom nothing was committed since has not changed, and how many others there are does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    ScalarSelect,
    SQLColumnExpression,
    Text,
    column,
    func,
    insert,
    or_,
    select,
    table,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from services.at_risk import at_risk_customer
from services.clock import rfc3339
from services.models import Prediction
from services.recent import prediction_rows
from services.schemas import ChangesSince, MovedCustomer
from services.scores import RiskBands, from_millionths
from services.selection import Selection
from services.temporary_tables import TemporaryTable
from services.visibility import visible
from services.visits import Moment

SHOWN = 20
MOVERS = 5

TABLE = TemporaryTable('moved', 'customer_id TEXT, arrival BIGINT, score INTEGER, earlier INTEGER')
MOVED = table(
    TABLE.name,
    column('customer_id', Text),
    column('arrival', BigInteger),
    column('score', Integer),
    column('earlier', Integer),
)
BY_RISK = (MOVED.c.score.desc(), MOVED.c.arrival.desc())


def changes_since(session: Session, selection: Selection, moment: Moment) -> ChangesSince:
    """Of all of the user's customers: whatever else the selection says has no part in it."""
    _find(session, selection.user_id, moment)
    high = selection.bands.high
    was_high = func.coalesce(MOVED.c.earlier, 0) >= high
    newly, recovered = (MOVED.c.score >= high) & ~was_high, (MOVED.c.score < high) & was_high
    counts = select(func.count().filter(newly), func.count().filter(recovered), func.count()).select_from(MOVED)
    newly_high, no_longer, moved = session.execute(counts).one()
    fall, distance = MOVED.c.score - MOVED.c.earlier, func.abs(MOVED.c.score - MOVED.c.earlier)
    return ChangesSince(
        since=rfc3339(moment.at),
        newly_high=newly_high,
        recovered=no_longer,
        moved=moved,
        newly_high_customers=_customers(session, selection, newly, BY_RISK, most=SHOWN),
        recovered_customers=_customers(session, selection, recovered, (fall, *BY_RISK), most=SHOWN),
        movers=_customers(session, selection, MOVED.c.earlier.is_not(None), (distance.desc(), *BY_RISK), most=MOVERS),
    )


def _find(session: Session, user_id: int, moment: Moment) -> None:
    """Put those who moved into the table of the connection, one by one of whom anything was committed since."""
    TABLE.create(session)
    TABLE.clear(session)
    concerned = (
        select(col(Prediction.customer_id))
        .where(*visible(user_id), col(Prediction.arrival) > moment.arrivals)
        .distinct()
        .subquery('concerned')
    )
    customers = select(
        concerned.c.customer_id,
        _latest(user_id, concerned.c.customer_id, 'arrival').label('arrival'),
        _latest(user_id, concerned.c.customer_id, 'score').label('score'),
        _latest(user_id, concerned.c.customer_id, 'score', upto=moment.arrivals).label('earlier'),
    ).subquery('customers')
    differ = or_(customers.c.earlier.is_(None), customers.c.earlier != customers.c.score)
    columns = [each.name for each in MOVED.c]
    session.execute(insert(MOVED).from_select(columns, select(customers).where(differ)))


def _latest(
    user_id: int, customer: SQLColumnExpression[str], name: str, *, upto: int | None = None
) -> ScalarSelect[Any]:
    """A column of a customer's latest prediction, of those with arrival numbers up to one."""
    one = aliased(Prediction)
    rows = select(getattr(one, name)).where(*visible(user_id, of=one), col(one.customer_id) == customer)
    if upto is not None:
        rows = rows.where(col(one.arrival) + 0 <= upto)
    newest = rows.order_by(col(one.predicted_at).desc(), col(one.arrival).desc()).limit(1)
    return newest.correlate_except(one).scalar_subquery()


def _customers(
    session: Session,
    selection: Selection,
    which: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]],
    *,
    most: int,
) -> tuple[MovedCustomer, ...]:
    moved = session.execute(select(MOVED.c.arrival, MOVED.c.earlier).where(which).order_by(*order).limit(most)).all()
    of_user = prediction_rows().where(col(Prediction.user_id) == selection.user_id)
    found = session.execute(of_user.where(col(Prediction.arrival).in_([each.arrival for each in moved])))
    rows = {row.arrival: row for row in found}
    return tuple(_customer(rows[each.arrival], each.earlier, selection.bands) for each in moved)


def _customer(row: Any, earlier: int | None, bands: RiskBands) -> MovedCustomer:
    change = None if earlier is None else from_millionths(row.score - earlier)
    return MovedCustomer(**at_risk_customer(row, bands, earlier=None).model_dump(), change=change)
