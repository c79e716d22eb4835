"""What the page shows beside the payload, of many users without any filter: a few lists of rows of their rollups.

For one user the same takes seven statements, and as many times as long as there are users.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from services.at_risk import AT_RISK, ScoredCustomer, at_risk_customer
from services.calendar import day_number
from services.charts import score_bins
from services.day_series import ChartDays, DaySeries, Scores, first_shown
from services.many_users import AMONG_USERS
from services.revenue_many import revenue_by_user, revenue_list
from services.rollup_tables import NEVER, NEWEST
from services.row_lists import RowList
from services.schemas import Charts, RevenueAtRisk
from services.score_change import WEEK
from services.scores import RiskBands

ANEW = 2
"""Days that are read of charts which stand: new scores are of today, or of the evening before."""

ByUser = dict[int, list[Sequence[Any]]]

READ = 'JOIN user_revision u ON u.user_id = r.user_id AND u.rollup_generation = r.generation WHERE u.user_id {among}'

SUMS = 'CAST(SUM(r.customers) AS bigint) AS customers, ' + ', '.join(
    f'CAST(SUM(r.{column}) AS bigint) AS {column}' for column in ('high', 'medium', 'sum')
)
BEGIN = 'CASE WHEN r.day > {first} THEN r.day ELSE {first} END'
CHANGES = f"""
    SELECT r.user_id, {BEGIN} AS day, 1 AS sign, {SUMS} FROM rollup_interval r {READ}
    AND r.day <= {{anchor}} AND r.next_day > {{first}} GROUP BY r.user_id, {BEGIN}
    UNION ALL SELECT r.user_id, r.next_day, -1, {SUMS} FROM rollup_interval r {READ}
    AND r.day <= {{anchor}} AND r.next_day > {{first}} AND r.next_day <= {{anchor}} GROUP BY r.user_id, r.next_day
    UNION ALL SELECT r.user_id, r.next_day, 1, {SUMS} FROM rollup_interval r {READ}
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
CUSTOMER = f"""
    p.user_id, p.arrival, p.customer_id, c.name, p.score, p.predicted_at,
    COALESCE(p.account_value, c.account_value), p.reasons, ({EARLIER})
"""
"""The columns are those of ScoredCustomer."""

CUSTOMERS = """
    FROM user_revision u CROSS JOIN {predictions}
    LEFT JOIN customer c ON c.user_id = p.user_id AND c.customer_id = p.customer_id
    WHERE u.user_id {{among}} AND p.user_id = u.user_id AND {condition}
"""
AT_RISK_CUSTOMERS = {
    'sqlite': CUSTOMERS.format(predictions='prediction p', condition=f'p.arrival IN ({HIGHEST})'),
    'postgresql': CUSTOMERS.format(
        predictions=f'LATERAL ({HIGHEST}) highest CROSS JOIN prediction p',
        condition='p.arrival = highest.arrival',
    ),
}

LISTS = {
    dialect: (
        RowList(
            'r.user_id, r.bin, CAST(SUM(r.count) AS bigint)', f'FROM rollup_bin r {READ} GROUP BY r.user_id, r.bin'
        ),
        RowList(
            'r.user_id, r.day, r.count, r.high, r.medium, r.sum',
            f'FROM rollup_day r {READ} AND r.day BETWEEN {{first}} AND {{anchor}}',
        ),
        RowList('c.user_id, c.day, c.sign, c.customers, c.high, c.medium, c.sum', f'FROM ({CHANGES}) AS c'),
        RowList(CUSTOMER, customers),
    )
    for dialect, customers in AT_RISK_CUSTOMERS.items()
}


class ReadCharts(NamedTuple):
    """Charts, with what tells at the next reading of what they need not be made anew."""

    charts: Charts
    at_risk: tuple[int, ...]
    """By which the rows of the customers at risk are known again: hashes."""


NO_CHARTS: Mapping[int, ReadCharts] = MappingProxyType({})


class ChartRows(NamedTuple):
    """What the charts of some users are made of; each row begins with its user."""

    bins: Iterable[Sequence[Any]]
    days: Iterable[Sequence[Any]]
    """What was predicted on the days that are read."""
    changes: Iterable[Sequence[Any]]
    """How many customers begin and end on them."""
    at_risk: Iterable[Sequence[Any]]
    revenue: Iterable[Sequence[Any]]


def chart_lists(anchor: date, bands: RiskBands, dialect: str, *, anew: bool) -> tuple[RowList, ...]:
    """What :class:`ChartRows` takes, to be read of ``:users``, whose rollups are read.

    :param anew: of charts which stand: the last days alone.
    """
    last = day_number(anchor)
    first = max(first_shown(anchor), last + 1 - ANEW) if anew else first_shown(anchor)
    numbers = {'among': AMONG_USERS[dialect], 'first': first, 'anchor': last, 'week_before': last - WEEK}
    lists = (RowList(*(part.format(**numbers) for part in each)) for each in LISTS[dialect])
    return (*lists, revenue_list(bands, dialect))


def charts_by_user(
    user_ids: Collection[int],
    rows: ChartRows,
    anchor: date,
    bands: RiskBands,
    *,
    standing: Mapping[int, ReadCharts] = NO_CHARTS,
) -> dict[int, ReadCharts]:
    """The same as :func:`services.rollup_charts.rollup_charts` for many users, on their day.

    :param standing: charts of the same anchor, by user, of whose days all but the last ``ANEW`` are as they were.
    """
    bins, days, changes = _by_user(rows.bins), _by_user(rows.days), _by_user(rows.changes)
    at_risk: defaultdict[int, list[ScoredCustomer]] = defaultdict(list)
    for row in rows.at_risk:
        at_risk[row[0]].append(ScoredCustomer._make(row))
    revenue = revenue_by_user({user_id: _high_now(changes.get(user_id, ())) for user_id in user_ids}, rows.revenue)
    return {
        user_id: _charts(
            at_risk.get(user_id, ()),
            bins.get(user_id, ()),
            days.get(user_id, ()),
            changes.get(user_id, ()),
            revenue=revenue.get(user_id),
            standing=standing.get(user_id),
            anchor=anchor,
            bands=bands,
        )
        for user_id in user_ids
    }


def _high_now(changes: Iterable[Sequence[int]]) -> int:
    """How many customers are at high risk by their latest scores."""
    return sum(Scores._make(sums).high for day, _sign, *sums in changes if day == NEVER)


def _charts(
    at_risk: Iterable[ScoredCustomer],
    bins: Iterable[Sequence[int]],
    days: Iterable[Sequence[int]],
    changes: Iterable[Sequence[int]],
    *,
    revenue: RevenueAtRisk | None,
    standing: ReadCharts | None,
    anchor: date,
    bands: RiskBands,
) -> ReadCharts:
    highest = sorted(at_risk, key=lambda row: (row.score, row.arrival), reverse=True)
    marks = tuple([hash(row) for row in highest])
    known = dict(zip(standing.at_risk, standing.charts.at_risk, strict=True)) if standing else {}
    series = DaySeries()
    customers = 0
    for day, sign, *sums in changes:
        scores = Scores._make(sums)
        if day == NEVER:
            customers = scores.count
        elif sign > 0:
            series.begin(day, scores)
        else:
            series.end(day, scores)
    for day, *sums in days:
        series.predict(day, Scores._make(sums))
    charts = Charts(
        at_risk=tuple(
            [
                known.get(mark) or at_risk_customer(row, bands, earlier=row.earlier)
                for mark, row in zip(marks, highest, strict=True)
            ]
        ),
        customers=customers,
        histogram=score_bins({number: count for number, count in bins}, bands),
        **_after(standing and standing.charts, series.until(anchor), since=anchor - timedelta(days=ANEW - 1))._asdict(),
        revenue=revenue,
    )
    return ReadCharts(charts, marks)


def _after(standing: Charts | None, anew: ChartDays, *, since: date) -> ChartDays:
    """The days that stand, and those from a day on that were read anew."""
    if standing is None:
        return anew
    days = bisect_left(standing.days, since, key=lambda each: each.day)
    return ChartDays(standing.risk_over_time[:days] + anew.risk_over_time, standing.days[:days] + anew.days)


def _by_user(rows: Iterable[Sequence[Any]]) -> ByUser:
    found: defaultdict[int, list[Sequence[Any]]] = defaultdict(list)
    for user_id, *values in rows:
        found[user_id].append(values)
    return found
