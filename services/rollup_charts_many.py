"""What the page shows beside the payload, of many users without any filter: a few statements over their rollups.

For one user the same takes seven statements, and as many times as long as there are users.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlmodel import Session

from services.at_risk import AT_RISK, ScoredCustomer, at_risk_customer
from services.calendar import day_number
from services.charts import MAX_DAYS, risk_days, score_bins
from services.many_users import AMONG_USERS, dialect_of, for_driver, users_parameter
from services.rollup_tables import NEVER, NEWEST
from services.schemas import Charts, RiskLevel
from services.score_change import WEEK
from services.scores import RiskBands

READ = 'JOIN user_revision u ON u.user_id = r.user_id AND u.rollup_generation = r.generation WHERE u.user_id {among}'

BINS = f"""
    SELECT r.user_id, r.bin, CAST(SUM(r.count) AS bigint) FROM rollup_bin r {READ} GROUP BY r.user_id, r.bin
"""

FIRST_DAYS = f'SELECT r.user_id, MIN(r.day) FROM rollup_day r {READ} GROUP BY r.user_id'

SUMS = 'CAST(SUM(r.high) AS bigint), CAST(SUM(r.medium) AS bigint), CAST(SUM(r.customers) AS bigint)'
BEGIN = 'CASE WHEN r.day > {first} THEN r.day ELSE {first} END'
CHANGES = f"""
    SELECT r.user_id, {BEGIN}, {SUMS}, 1 FROM rollup_interval r {READ}
    AND r.day <= {{anchor}} AND r.next_day > {{first}} GROUP BY r.user_id, {BEGIN}
    UNION ALL SELECT r.user_id, r.next_day, {SUMS}, -1 FROM rollup_interval r {READ}
    AND r.day <= {{anchor}} AND r.next_day > {{first}} AND r.next_day <= {{anchor}} GROUP BY r.user_id, r.next_day
    UNION ALL SELECT r.user_id, r.next_day, {SUMS}, 1 FROM rollup_interval r {READ}
    AND r.{NEWEST} GROUP BY r.user_id, r.next_day
"""
"""How many customers begin and end to be high, medium or anything on each day; on no day at all, how many there are."""

HIGHEST = f"""
    SELECT d.arrival FROM customer_day d
    WHERE d.user_id = u.user_id AND d.generation = u.rollup_generation AND {NEWEST}
    ORDER BY d.score DESC, d.arrival DESC LIMIT {AT_RISK}
"""
EARLIER = """
    SELECT w.score FROM customer_day w
    WHERE w.user_id = u.user_id AND w.generation = u.rollup_generation AND w.customer_id = p.customer_id
    AND w.day <= {week_before} ORDER BY w.day DESC LIMIT 1
"""
CUSTOMERS = """
    SELECT p.user_id, p.arrival, p.customer_id, c.name, p.score, p.predicted_at,
           COALESCE(p.account_value, c.account_value), p.reasons, ({earlier})
    FROM user_revision u CROSS JOIN {predictions}
    LEFT JOIN customer c ON c.user_id = p.user_id AND c.customer_id = p.customer_id
    WHERE u.user_id {{among}} AND p.user_id = u.user_id AND {condition}
"""
AT_RISK_CUSTOMERS = {
    'sqlite': CUSTOMERS.format(predictions='prediction p', condition=f'p.arrival IN ({HIGHEST})', earlier=EARLIER),
    'postgresql': CUSTOMERS.format(
        predictions=f'LATERAL ({HIGHEST}) highest CROSS JOIN prediction p',
        condition='p.arrival = highest.arrival',
        earlier=EARLIER,
    ),
}


class Change(NamedTuple):
    day: int
    high: int
    medium: int
    customers: int
    sign: int


def rollup_charts_of_many(
    session: Session, user_ids: Collection[int], anchor: date, bands: RiskBands
) -> dict[int, Charts]:
    """The same as :func:`services.rollup_charts.rollup_charts` for users whose rollups are read, on their day."""
    last = day_number(anchor)
    bins, firsts, changes = (
        _by_user(_rows(session, user_ids, statement, first=last - MAX_DAYS + 1, anchor=last))
        for statement in (BINS, FIRST_DAYS, CHANGES)
    )
    at_risk: defaultdict[int, list[ScoredCustomer]] = defaultdict(list)
    for row in _rows(session, user_ids, AT_RISK_CUSTOMERS[dialect_of(session)], week_before=last - WEEK):
        at_risk[row[0]].append(ScoredCustomer._make(row))
    return {
        user_id: _charts(
            at_risk.get(user_id, ()),
            bins.get(user_id, ()),
            [Change._make(row) for row in changes.get(user_id, ())],
            first=firsts[user_id][0][0] if user_id in firsts else None,
            anchor=anchor,
            bands=bands,
        )
        for user_id in user_ids
    }


def _charts(
    at_risk: Iterable[ScoredCustomer],
    bins: Iterable[Sequence[int]],
    changes: Iterable[Change],
    *,
    first: int | None,
    anchor: date,
    bands: RiskBands,
) -> Charts:
    highest = sorted(at_risk, key=lambda row: (row.score, row.arrival), reverse=True)
    by_level: dict[str, Counter[int]] = {level: Counter() for level in RiskLevel}
    customers = 0
    for change in changes:
        if change.day == NEVER:
            customers = change.customers
        else:
            _add(by_level, change)
    shown = None if first is None else max(first, day_number(anchor) - MAX_DAYS + 1)
    return Charts(
        at_risk=tuple(at_risk_customer(row, bands, earlier=row.earlier) for row in highest),
        customers=customers,
        histogram=score_bins({number: count for number, count in bins}, bands),
        risk_over_time=() if shown is None else risk_days(by_level, shown, anchor),
    )


def _add(by_level: dict[str, Counter[int]], change: Change) -> None:
    low = change.customers - change.high - change.medium
    for level, count in (('high', change.high), ('medium', change.medium), ('low', low)):
        by_level[level][change.day] += change.sign * count


def _rows(session: Session, user_ids: Collection[int], statement: str, **numbers: int) -> Iterator[Sequence[Any]]:
    dialect = dialect_of(session)
    written = for_driver(statement.format(among=AMONG_USERS[dialect], **numbers), dialect)
    return iter(session.connection().exec_driver_sql(written, users_parameter(user_ids, dialect)))


def _by_user(rows: Iterator[Sequence[Any]]) -> dict[int, list[Sequence[Any]]]:
    found: defaultdict[int, list[Sequence[Any]]] = defaultdict(list)
    for user_id, *values in rows:
        found[user_id].append(values)
    return found
