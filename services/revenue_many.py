"""Revenue at risk of many users without any filter, in one statement: where few customers are at high risk."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from services.many_users import AMONG_USERS, dialect_of, for_driver, users_parameter
from services.rollup_tables import NEWEST
from services.schemas import RevenueAtRisk
from services.scores import ONE, RiskBands

FEW = 500
"""Customers at high risk that are gone through at each change of a user's data."""

VALUE = 'COALESCE(p.account_value, c.account_value)'
SUMS = f"""
    COUNT(*), COUNT({VALUE}), CAST(SUM({VALUE} / {ONE}) AS bigint), CAST(SUM({VALUE} % {ONE}) AS bigint)
"""
"""Whole units apart from the rest, as in :mod:`services.revenue_at_risk`."""

HIGH = f"""
    d.user_id = u.user_id AND d.generation = u.rollup_generation AND d.{NEWEST} AND d.score >= {{high}}
"""
OF_EACH = """
    JOIN prediction p ON p.user_id = d.user_id AND p.arrival = d.arrival
    LEFT JOIN customer c ON c.user_id = d.user_id AND c.customer_id = d.customer_id
"""
REVENUE = {
    'sqlite': f"""
        SELECT u.user_id, {SUMS} FROM user_revision u CROSS JOIN customer_day d {OF_EACH}
        WHERE u.user_id {{among}} AND {HIGH} GROUP BY u.user_id
    """,
    # a user at a time: without statistics of them all at once, it would read all predictions there are
    'postgresql': f"""
        SELECT u.user_id, r.* FROM user_revision u
        CROSS JOIN LATERAL (SELECT {SUMS} FROM customer_day d {OF_EACH} WHERE {HIGH}) r
        WHERE u.user_id {{among}}
    """,
}


def revenue_of_many(session: Session, high: Mapping[int, int], bands: RiskBands) -> dict[int, RevenueAtRisk]:
    """The same as :func:`services.revenue_at_risk.revenue_at_risk` for users whose rollups are read.

    :param high: how many customers of each are at high risk; who has more than a few is left out.
    """
    users = [user_id for user_id, customers in high.items() if customers <= FEW]
    dialect = dialect_of(session)
    statement = REVENUE[dialect].format(among=AMONG_USERS[dialect], high=bands.high)
    rows = session.connection().exec_driver_sql(
        for_driver(statement.replace('%', '%%') if dialect == 'postgresql' else statement, dialect),
        users_parameter(users, dialect),
    )
    found = {user_id: RevenueAtRisk(customers=0, with_value=0) for user_id in users}
    for user_id, customers, with_value, units, millionths in rows:
        value = (units * ONE + millionths) / ONE if with_value else None
        found[user_id] = RevenueAtRisk(customers=customers, with_value=with_value, account_value=value)
    return found
