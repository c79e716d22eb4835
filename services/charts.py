"""What the page shows beside the payload: score distribution, the days, customers at risk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

from sqlalchemy import case, func, literal, select
from sqlmodel import Session, col

from services.at_risk import AT_RISK, customers_by_arrival
from services.calendar import day_expression
from services.day_series import ChartDays, DaySeries, Scores
from services.models import Prediction
from services.schemas import Charts, RiskLevel, ScoreBin
from services.score_change import earlier_by_predictions
from services.scores import BIN, ONE, RiskBands, from_millionths
from services.selection import Selection, is_latest
from services.snoozed_customers import asleep_in, snoozed_customers

BINS = ONE // BIN

Edges = tuple[float, float, RiskLevel]
"""Of a bin: its lower and upper one, and the risk of what is between them."""


def charts(session: Session, selection: Selection) -> Charts:
    """All of it for one query."""
    rows = selection.chained()
    latest = select(rows.c.arrival).where(is_latest(rows))
    left_out = asleep_in(session, selection)
    listed = latest if left_out is None else latest.where(rows.c.customer_id.not_in(left_out))
    snoozed = None if left_out is None else latest.where(rows.c.customer_id.in_(left_out))
    earlier = earlier_by_predictions(selection)
    highest = listed.order_by(rows.c.score.desc(), rows.c.arrival.desc()).limit(AT_RISK)
    return Charts(
        at_risk=customers_by_arrival(session, selection, highest, earlier),
        customers=session.execute(select(func.count()).select_from(latest.subquery())).scalar_one(),
        histogram=_histogram(session, selection),
        **_days(session, selection)._asdict(),
        **snoozed_customers(session, selection, snoozed, earlier),
    )


def _histogram(session: Session, selection: Selection) -> tuple[ScoreBin, ...]:
    number = case((col(Prediction.score) == ONE, BINS - 1), else_=col(Prediction.score) // literal(BIN))
    found = session.execute(select(number, func.count()).where(*selection.conditions()).group_by(number))
    return score_bins({int(row[0]): row[1] for row in found}, selection.bands)


def score_bins(counts: Mapping[int, int], bands: RiskBands) -> tuple[ScoreBin, ...]:
    """All bins, from the counts of those that hold anything."""
    return tuple([_bin(edges, counts.get(index, 0)) for index, edges in enumerate(_edges(bands))])


@lru_cache(4096)
def _bin(edges: Edges, count: int) -> ScoreBin:
    """The same one for everybody: most readers' bins hold few, and few of them change at a time."""
    lower, upper, level = edges
    return ScoreBin(lower=lower, upper=upper, count=count, risk_level=level)


@lru_cache(1)
def _edges(bands: RiskBands) -> tuple[Edges, ...]:
    edges = [from_millionths(index * BIN) for index in range(BINS + 1)]
    return tuple((*between, bands.level(index * BIN)) for index, between in enumerate(pairwise(edges)))


def _days(session: Session, selection: Selection) -> ChartDays:
    """A customer's last prediction of a day holds from that day to the day of the customer's next one."""
    rows = selection.chained()
    first, last = session.execute(select(func.min(rows.c.at), func.max(rows.c.at))).one()
    if first is None:
        return ChartDays()
    span = {'first': first, 'last': last}
    day = day_expression(rows.c.at, selection.zone, **span).label('day')
    next_day = day_expression(rows.c.next_at, selection.zone, **span).label('next_day')
    scored = select(day, next_day, rows.c.score).subquery()
    high, medium = selection.bands.high, selection.bands.medium
    sums = (
        func.count(),
        func.count().filter(scored.c.score >= high),
        func.count().filter(scored.c.score >= medium, scored.c.score < high),
        func.sum(scored.c.score),
    )
    keys = (scored.c.day, scored.c.next_day)
    series = DaySeries()
    for start, end, *values in session.execute(select(*keys, *sums).group_by(*keys)):
        scores = Scores(*map(int, values))
        series.predict(start, scores)
        if end == start:
            continue
        series.begin(start, scores)
        if end is not None:
            series.end(end, scores)
    return series.until(selection.anchor)
