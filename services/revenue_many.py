"""Revenue at risk of many users without any filter, as one list of rows: where few customers are at high risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.many_users import AMONG_USERS
from services.rollup_tables import NEWEST
from services.row_lists import RowList
from services.schemas import RevenueAtRisk
from services.scores import ONE, RiskBands

FEW = 500
"""Customers at high risk that are gone through at each change of a user's data."""

VALUE = 'COALESCE(p.account_value, c.account_value)'
SUMS = f"""
    COUNT(*) AS customers, COUNT({VALUE}) AS with_value, CAST(SUM({VALUE} / {ONE}) AS bigint) AS units,
    CAST(SUM({VALUE} % {ONE}) AS bigint) AS rest
"""
"""Whole units apart from the rest, as in :mod:`services.revenue_at_risk`."""

OF_FEW = f"""
    (SELECT COALESCE(SUM(h.high), 0) FROM rollup_interval h
     WHERE h.user_id = u.user_id AND h.generation = u.rollup_generation AND h.{NEWEST}) <= {FEW}
"""
HIGH = f"""
    d.user_id = u.user_id AND d.generation = u.rollup_generation AND d.{NEWEST} AND d.score >= {{high}}
"""
OF_EACH = """
    JOIN prediction p ON p.user_id = d.user_id AND p.arrival = d.arrival
    LEFT JOIN customer c ON c.user_id = d.user_id AND c.customer_id = d.customer_id
"""
SOURCE = {
    'sqlite': f"""
        FROM (
            SELECT u.user_id, {SUMS} FROM user_revision u CROSS JOIN customer_day d {OF_EACH}
            WHERE u.user_id {{among}} AND {OF_FEW} AND {HIGH} GROUP BY u.user_id
        ) AS r
    """,
    # a user at a time: without statistics of them all at once, it would read all predictions there are
    'postgresql': f"""
        FROM (
            SELECT u.user_id, s.* FROM user_revision u
            CROSS JOIN LATERAL (SELECT {SUMS} FROM customer_day d {OF_EACH} WHERE {HIGH}) s
            WHERE u.user_id {{among}} AND {OF_FEW}
        ) AS r
    """.replace('%', '%%'),
}


def revenue_list(bands: RiskBands, dialect: str) -> RowList:
    """What :func:`revenue_by_user` takes, to be read of ``:users``, whose rollups are read; in words for the driver."""
    source = SOURCE[dialect].format(among=AMONG_USERS[dialect], high=bands.high)
    return RowList('r.user_id, r.customers, r.with_value, r.units, r.rest', source)


def revenue_by_user(high: Mapping[int, int], rows: Iterable[Sequence[int]]) -> dict[int, RevenueAtRisk]:
    """The same as :func:`services.revenue_at_risk.revenue_at_risk`.

    :param high: how many customers of each are at high risk; who has more than a few is left out.
    """
    found = {
        user_id: RevenueAtRisk(customers=0, with_value=0) for user_id, customers in high.items() if customers <= FEW
    }
    for user_id, customers, with_value, units, millionths in rows:
        value = (units * ONE + millionths) / ONE if with_value else None
        found[user_id] = RevenueAtRisk(customers=customers, with_value=with_value, account_value=value)
    return found
