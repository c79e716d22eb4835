"""The board's numbers for one user and query, computed from the database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from services.aggregates import aggregate
from services.calendar import time_zone
from services.charts import charts
from services.current_day import CurrentDay
from services.matching import match, newest
from services.metrics import metrics, trends
from services.plan import Route
from services.planner import AT_ONCE, plan
from services.query import DashboardQuery
from services.recent import Recent, recent_activity
from services.rollup_charts import rollup_charts
from services.rollup_reads import aggregate_rollups
from services.sample_users import with_sample
from services.schemas import ActivityItem, Charts, Metrics, Trends
from services.scores import RiskBands
from services.selection import Selection


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """What a query answers; alerts and the time belong to the user and are added by the hub."""

    metrics: Metrics
    trends: Trends
    recent: Recent
    has_sample: bool
    """Whether any of the user's data, in the query or not, was made up for the sample workspace."""

    @property
    def recent_activity(self) -> tuple[ActivityItem, ...]:
        return self.recent.activity


@dataclass(frozen=True, kw_only=True)
class Board:
    """All that a page shows of a query."""

    numbers: Numbers
    charts: Charts


class Dashboard:
    """Answers queries by reading the database. Everything here blocks: run it on a worker thread."""

    def __init__(self, *, bands: RiskBands, at_once: int = AT_ONCE) -> None:
        """:param at_once: predictions that are gone through while somebody waits."""
        self.bands = bands
        self._at_once = at_once
        self._days = CurrentDay()

    def selection(self, user_id: int, query: DashboardQuery, *, zone: str, now: datetime) -> Selection:
        place = time_zone(zone)
        return Selection(user_id=user_id, query=query, zone=place, today=self._days.of(now, place), bands=self.bands)

    def today(self, zone: str, now: datetime) -> date:
        """Which day it is in a zone."""
        return self._days.of(now, time_zone(zone))

    def day_ends(self, zone: str, now: datetime) -> datetime:
        """Until when that day lasts."""
        return self._days.ends(now, time_zone(zone))

    def planned(self, session: Session, selection: Selection) -> Selection:
        """The same with the way to answer it, good for this transaction."""
        return replace(selection, plan=plan(session, selection, at_once=self._at_once))

    def numbers(self, session: Session, selection: Selection) -> Numbers:
        return self._numbers(session, self._ready(session, selection))

    def charts(self, session: Session, selection: Selection) -> Charts:
        return self._charts(session, self._ready(session, selection))

    def board(self, session: Session, selection: Selection) -> Board:
        """Both, for little more than one of them where the predictions have to be gone through."""
        ready = self._ready(session, selection)
        return Board(numbers=self._numbers(session, ready), charts=self._charts(session, ready))

    def _ready(self, session: Session, selection: Selection) -> Selection:
        """Planned, and matched unless the rollups answer."""
        planned = selection if selection.plan else self.planned(session, selection)
        return planned if _by_rollups(planned) else match(session, planned)

    def _numbers(self, session: Session, ready: Selection) -> Numbers:
        sums = aggregate_rollups(session, ready) if _by_rollups(ready) else aggregate(session, ready)
        return Numbers(
            metrics=metrics(sums),
            trends=trends(sums),
            recent=recent_activity(session, ready) if _by_rollups(ready) else newest(session, ready),
            has_sample=bool(with_sample(session, [ready.user_id])),
        )

    def _charts(self, session: Session, ready: Selection) -> Charts:
        return rollup_charts(session, ready) if _by_rollups(ready) else charts(session, ready)


def _by_rollups(selection: Selection) -> bool:
    return selection.plan is not None and selection.plan.route is Route.ROLLUPS
