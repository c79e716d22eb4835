"""The board's numbers for one user and query, computed from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from services.aggregates import aggregate
from services.calendar import day_of, time_zone
from services.charts import charts
from services.metrics import metrics, trends
from services.models import Source, SourceKind
from services.planner import rollups_answer
from services.query import DashboardQuery
from services.recent import recent_activity
from services.rollup_charts import rollup_charts
from services.rollup_reads import aggregate_rollups
from services.schemas import ActivityItem, Charts, Metrics, Trends
from services.scores import RiskBands
from services.selection import Selection


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What a query answers; alerts and the time belong to the user and are added by the hub."""

    metrics: Metrics
    trends: Trends
    recent_activity: tuple[ActivityItem, ...]
    has_sample: bool
    """Whether any of the user's data, in the query or not, was made up for the sample workspace."""


class Dashboard:
    """Answers queries by reading the database. Everything here blocks: run it on a worker thread."""

    def __init__(self, *, bands: RiskBands) -> None:
        self.bands = bands

    def selection(self, user_id: int, query: DashboardQuery, *, zone: str, now: datetime) -> Selection:
        place = time_zone(zone)
        return Selection(user_id=user_id, query=query, zone=place, today=day_of(now, place), bands=self.bands)

    def numbers(self, session: Session, selection: Selection) -> Numbers:
        read = aggregate_rollups if rollups_answer(session, selection) else aggregate
        sums = read(session, selection)
        return Numbers(
            metrics=metrics(sums),
            trends=trends(sums),
            recent_activity=recent_activity(session, selection),
            has_sample=has_sample(session, selection.user_id),
        )

    def charts(self, session: Session, selection: Selection) -> Charts:
        read = rollup_charts if rollups_answer(session, selection) else charts
        return read(session, selection)


def has_sample(session: Session, user_id: int) -> bool:
    sample = select(Source).where(col(Source.user_id) == user_id, col(Source.kind) == SourceKind.SAMPLE)
    return bool(session.execute(select(sample.exists())).scalar())
