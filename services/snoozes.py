"""Which customers are snoozed: left out of the list of those at risk until a day, or until their score has risen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from services.customer_tables import CustomerRecord
from services.many_users import AMONG_USERS
from services.models import Prediction
from services.row_lists import RowList
from services.visibility import visible

WAKING_RISE = 100_000
"""By how much the latest score must be above that at the snoozing for a customer to be listed all the same: 10 points.

It is compared whenever somebody looks: when the score falls again, or the file that raised it is undone, the customer
is asleep again.
"""


def is_awake(record: CustomerRecord, latest: int) -> bool:
    """Whether a snoozed customer is listed all the same, its latest score in millionths being this."""
    return latest >= (record.snooze_score or 0) + WAKING_RISE


def any_snoozed(session: Session, user_id: int, today: int) -> bool:
    """Whether there is any to look at more closely: of most users there is none.

    :param today: as the number of a day.
    """
    return bool(session.execute(select(select(1).where(*_snoozed(user_id, today)).exists())).scalar())


def snoozed_list(today: int, dialect: str) -> RowList:
    """The same of many users, to be read of ``:users``: the ids of those who have any."""
    among = AMONG_USERS[dialect]
    return RowList(
        's.user_id',
        f'FROM (SELECT DISTINCT user_id FROM customer_record WHERE user_id {among} AND snoozed_until > {today}) AS s',
    )


def asleep(user_id: int, today: int) -> Select[str]:
    """The ids of the customers who are left out today."""
    customer = col(CustomerRecord.customer_id)
    wakes = col(CustomerRecord.snooze_score) + WAKING_RISE
    return select(customer).where(*_snoozed(user_id, today), _latest_score(user_id) < wakes)


def _snoozed(user_id: int, today: int) -> tuple[ColumnElement[bool], ...]:
    return col(CustomerRecord.user_id) == user_id, col(CustomerRecord.snoozed_until) > today


def _latest_score(user_id: int) -> ScalarSelect[Any]:
    one = aliased(Prediction)
    return (
        select(col(one.score))
        .where(*visible(user_id, of=one), col(one.customer_id) == col(CustomerRecord.customer_id))
        .order_by(col(one.predicted_at).desc(), col(one.arrival).desc())
        .limit(1)
        .correlate(CustomerRecord)
        .scalar_subquery()
    )
