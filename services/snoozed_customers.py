"""Who is left out of the list of customers at risk, beside that list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from services.at_risk import customers_by_arrival
from services.calendar import day_from_number, day_number
from services.customer_tables import CustomerRecord
from services.schemas import SnoozedCustomer
from services.score_change import Earlier
from services.selection import Selection
from services.snoozes import any_snoozed, asleep


def asleep_in(session: Session, selection: Selection) -> Select[str] | None:
    """The ids of the user's customers who are left out today; ``None``: nobody is snoozed."""
    today = day_number(selection.today)
    return asleep(selection.user_id, today) if any_snoozed(session, selection.user_id, today) else None


def snoozed_customers(
    session: Session, selection: Selection, arrivals: Select[int] | None, earlier: Earlier
) -> dict[str, Any]:
    """The keys of ``Charts`` that tell of them; nothing where there are none.

    :param arrivals: the latest prediction in the query of each of them.
    :param earlier: what customers' scores were a week before.
    """
    if arrivals is None:
        return {}
    shown = customers_by_arrival(session, selection, arrivals, earlier)
    found = select(CustomerRecord).where(
        col(CustomerRecord.user_id) == selection.user_id,
        col(CustomerRecord.customer_id).in_([customer.customer_id for customer in shown]),
    )
    records = {record.customer_id: record for record in session.execute(found).scalars()}
    return {
        'snoozed': tuple(
            SnoozedCustomer(
                **customer.model_dump(),
                snoozed_until=day_from_number(records[customer.customer_id].snoozed_until or 0),
                snooze_reason=records[customer.customer_id].snooze_reason,
            )
            for customer in shown
        ),
        'snoozed_customers': session.execute(select(func.count()).select_from(arrivals.subquery())).scalar_one(),
    }
