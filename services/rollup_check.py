"""Whether the rollups are what they should be: recomputed by window functions, apart from the way they are built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlmodel import Session, col

from services.calendar import EPOCH_DAY, day_expression, time_zone
from services.models import Prediction
from services.query import DashboardQuery
from services.rollup_state import current
from services.rollup_tables import NEVER, CustomerDay, RollupBin, RollupDay, RollupInterval
from services.scores import BIN, ONE, RiskBands
from services.selection import Selection
from services.visibility import visible


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A row that a rollup has and should not have, or the other way round."""

    table: str
    row: dict[str, Any]
    missing: bool


def first_difference(session: Session, user_id: int, *, zone: str, bands: RiskBands) -> Difference | None:
    """Recompute everything and compare; ``None`` if all is as it should be."""
    for table, rows in _expected(session, user_id, zone=zone, bands=bands):
        names = [column.name for column in rows.selected_columns]
        present = select(*(getattr(table, name) for name in names)).where(current(table, user_id))
        for one, other, missing in ((rows, present, True), (present, rows, False)):
            found = session.execute(one.except_(other).limit(1)).mappings().first()
            if found:
                return Difference(table=str(table.__tablename__), row=dict(found), missing=missing)
    return None


def _expected(
    session: Session, user_id: int, *, zone: str, bands: RiskBands
) -> list[tuple[Any, Select[*tuple[Any, ...]]]]:
    """What each table should hold, in the order they build on each other."""
    mine = and_(*visible(user_id))
    first, last = session.execute(
        select(func.min(col(Prediction.predicted_at)), func.max(col(Prediction.predicted_at))).where(mine)
    ).one()
    span = {'first': first or 0, 'last': last or 0}
    place = time_zone(zone)
    day = day_expression(col(Prediction.predicted_at), place, **span)
    user = literal(user_id).label('user_id')
    score = col(Prediction.score)
    number = case((score == ONE, ONE // BIN - 1), else_=score // literal(BIN))
    days = select(user, day.label('day'), *_sums(score, 'count', bands)).where(mine).group_by(day)
    bins = (
        select(user, day.label('day'), number.label('bin'), func.count().label('count'))
        .where(mine)
        .group_by(day, number)
    )
    selection = Selection(user_id=user_id, query=DashboardQuery(), zone=place, today=EPOCH_DAY, bands=bands)
    rows = selection.chained()
    at_day, next_day = (day_expression(rows.c[name], place, **span) for name in ('at', 'next_at'))
    before = func.lag(rows.c.score).over(partition_by=rows.c.customer_id, order_by=(rows.c.at, rows.c.arrival))
    customer_days = select(
        user,
        rows.c.customer_id,
        at_day.label('day'),
        func.coalesce(next_day, NEVER).label('next_day'),
        rows.c.arrival,
        rows.c.score,
        func.coalesce(before >= bands.high, literal(False)).label('was_high'),
    ).where(or_(rows.c.next_at.is_(None), next_day > at_day))
    ends = customer_days.subquery('ends')
    newly = func.count().filter(ends.c.score >= bands.high, ends.c.was_high.is_(False))
    intervals = select(
        user, ends.c.next_day, ends.c.day, *_sums(ends.c.score, 'customers', bands), newly.label('newly_high')
    ).group_by(ends.c.next_day, ends.c.day)
    return [(RollupDay, days), (RollupBin, bins), (CustomerDay, customer_days), (RollupInterval, intervals)]


def _sums(score: SQLColumnExpression[int], count: str, bands: RiskBands) -> list[ColumnElement[int]]:
    high = func.count().filter(score >= bands.high)
    medium = func.count().filter(score >= bands.medium, score < bands.high)
    return [
        func.count().label(count),
        func.sum(score).label('sum'),
        high.label('high'),
        medium.label('medium'),
    ]
