"""Fakes of what the board needs of the services: answers that a test sets, and what was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Unpack
from zoneinfo import ZoneInfo

import orjson
from nicegui import Client

from services.clock import rfc3339
from services.customer_list import CustomerAnswer
from services.customer_order import CustomerSort
from services.errors import ChurnboardError
from services.export_formats import ExportFormat
from services.export_grants import ExportState
from services.identity import NEVER, Proof, Right
from services.preferences import PreferenceChange, Preferences
from services.query import EVERYTHING, DashboardQuery
from services.questions import Question
from services.saved_views import SavedView
from services.schemas import (
    ActivityItem,
    Alert,
    AlertType,
    AtRiskCustomer,
    ChangesSince,
    Charts,
    DayFigures,
    Metrics,
    PredictionStatus,
    RevenueAtRisk,
    RiskDay,
    RiskLevel,
    ScoreBin,
    Trend,
    Trends,
)
from services.scores import RiskBands
from services.selection import Selection
from services.visit_news import VisitNews
from services.visits import Moment

NOW = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)
METRICS = Metrics(
    total_predictions=12_480,
    avg_churn_score=0.4187,
    high_risk_predictions=1_391,
    medium_risk_predictions=4_860,
    low_risk_predictions=6_229,
    engagement_score=82.41,
    retention_rate=61.38,
    active_users_today=143,
    new_predictions_today=218,
)
NO_METRICS = Metrics(**dict.fromkeys(Metrics.__slots__, 0))
TRENDS = Trends(churn_trend=Trend.INCREASING, engagement_trend=Trend.DECREASING, retention_trend=Trend.STABLE)
ALERT = Alert(
    type=AlertType.CRITICAL, message='41 customers at high risk.', timestamp='2026-11-23T13:50:00.000Z', id='7'
)
NO_CHARTS = Charts(at_risk=(), customers=0, histogram=(), risk_over_time=())


def activity(number: int) -> ActivityItem:
    return ActivityItem(
        id=str(number),
        user_id='1',
        churn_score=0.31,
        risk_level=RiskLevel.LOW,
        timestamp=f'2026-11-23T12:00:{number % 60:02}.000Z',
        status=PredictionStatus.COMPLETED,
        customer_id=f'A-{number}',
    )


def at_risk(number: int) -> AtRiskCustomer:
    return AtRiskCustomer(
        customer_id=f'C-{number}',
        customer_name=f'Customer {number}',
        churn_score=0.95 - number / 100,
        risk_level=RiskLevel.HIGH,
        timestamp='2026-11-23T12:00:00.000Z',
        account_value=48_000,
        reasons=('+ Tickets up', '- Long contract'),
    )


def charts() -> Charts:
    level = (RiskLevel.LOW,) * 8 + (RiskLevel.MEDIUM,) * 6 + (RiskLevel.HIGH,) * 6
    bins = tuple(ScoreBin(lower=i / 20, upper=(i + 1) / 20, count=10 + i, risk_level=level[i]) for i in range(20))
    days = tuple(RiskDay(day=date(2026, 11, 1) + timedelta(days=i), high=30 + i, medium=60, low=90) for i in range(20))
    figures = tuple(
        DayFigures(
            day=each.day,
            predictions=35,
            avg_churn_score=0.4 + i / 100,
            high=5 + i,
            medium=10,
            low=20 - i,
            retention_rate=62 - i / 10,
        )
        for i, each in enumerate(days)
    )
    rows = tuple(at_risk(i) for i in range(20))
    return Charts(at_risk=rows, customers=584, histogram=bins, risk_over_time=days, days=figures)


@dataclass(frozen=True, kw_only=True)
class FakeSnapshot:
    metrics: Metrics
    activity: Sequence[bytes]
    alerts: tuple[Alert, ...]
    trends: Trends = TRENDS
    contents: object = field(default_factory=object)
    as_of: datetime = NOW
    has_sample: bool = False
    refreshing: bool = False


@dataclass
class FakeWatch:
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@dataclass(frozen=True, kw_only=True)
class FakeZoneState:
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class FakeZoneSeen:
    state: FakeZoneState | None = None


@dataclass
class FakeHub:
    """Answers what ``metrics``, ``activities``, ``alerts`` and ``board_charts`` say; each answer is a second newer."""

    metrics: Metrics = METRICS
    activities: tuple[ActivityItem, ...] = tuple(activity(number) for number in range(100, 80, -1))
    alerts: tuple[Alert, ...] = (ALERT,)
    board_charts: Charts = field(default_factory=charts)
    has_sample: bool = False
    everybody: Sequence[AtRiskCustomer] = ()
    """By risk, the first of them as the charts have them."""
    time_zone: str = 'Europe/Berlin'
    """Whose days all this is of."""
    state: FakeZoneState | None = None
    """What the last look told; none: each look tells another."""
    standing: FakeSnapshot | None = None
    """What nothing has to be worked out for."""
    error: ChurnboardError | None = None
    charts_error: ChurnboardError | None = None
    queries: list[DashboardQuery] = field(default_factory=list)
    watches: list[FakeWatch] = field(default_factory=list)
    on_change: Callable[[], Awaitable[None]] | None = None

    async def snapshot(self, _user_id: int, query: DashboardQuery) -> FakeSnapshot:
        if self.error:
            raise self.error
        self.queries.append(query)
        return FakeSnapshot(
            metrics=self.metrics,
            activity=[item.model_dump_json().encode() for item in self.activities],
            alerts=self.alerts,
            as_of=NOW + timedelta(seconds=len(self.queries)),
            has_sample=self.has_sample,
        )

    def ready(self, _user_id: int, query: DashboardQuery) -> FakeSnapshot | None:
        return self.standing if query == EVERYTHING else None

    async def charts(self, _user_id: int, _query: DashboardQuery) -> Charts:
        if self.charts_error:
            raise self.charts_error
        return self.board_charts

    def seen(self, _user_id: int) -> FakeZoneSeen:
        return FakeZoneSeen(state=self.state or FakeZoneState(time_zone=self.time_zone))

    def watch(self, _user_id: int, *, on_change: Callable[[], Awaitable[None]]) -> FakeWatch:
        self.on_change = on_change
        self.watches.append(FakeWatch())
        return self.watches[-1]

    def empty(self) -> None:
        self.metrics, self.activities, self.alerts, self.board_charts = NO_METRICS, (), (), NO_CHARTS


@dataclass(frozen=True, kw_only=True)
class FakeGrant:
    id: str = 'first'
    url: str = '/api/exports/once'
    rows: int = 12_480


@dataclass(frozen=True, kw_only=True)
class FakeExportStatus:
    state: ExportState = ExportState.SENDING
    rows: int = 12_480
    written: int = 0


@dataclass
class FakeExports:
    granted: list[tuple[int, DashboardQuery, ExportFormat, str]] = field(default_factory=list)
    statuses: list[FakeExportStatus] = field(default_factory=list)
    """What is told one after another, the last for ever."""
    error: ChurnboardError | None = None

    async def grant(
        self, user_id: int, query: DashboardQuery, fmt: ExportFormat, *, decimal: str, right: Right
    ) -> FakeGrant:
        assert right.proof.session_hash
        if self.error:
            raise self.error
        self.granted.append((user_id, query, fmt, decimal))
        return FakeGrant()

    def status(self, _user_id: int, export_id: str) -> FakeExportStatus:
        assert export_id == 'first'
        if not self.statuses:
            return FakeExportStatus()
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@dataclass
class FakeWorkspace:
    hub: FakeHub
    error: ChurnboardError | None = None

    async def remove_sample(self, _user_id: int) -> None:
        if self.error:
            raise self.error
        self.hub.has_sample = False


@dataclass
class FakeCustomers:
    """Customers by change in pages of their own, and what those at high risk are worth; by risk as the charts say."""

    hub: FakeHub
    by_change: Sequence[AtRiskCustomer] = ()
    worth: RevenueAtRisk = field(default_factory=lambda: RevenueAtRisk(customers=0, with_value=0))
    error: ChurnboardError | None = None
    asked: list[tuple[CustomerSort, int]] = field(default_factory=list)
    go: asyncio.Event | None = None
    """Until when a page takes."""

    async def question(self, user_id: int, query: DashboardQuery) -> Question:
        selection = Selection(user_id=user_id, query=query, zone=ZoneInfo('UTC'), today=NOW.date(), bands=RiskBands())
        return Question(selection=selection, revision=1, at=NOW)

    async def page(
        self, question: Question, *, sort: CustomerSort, limit: int, cursor: str | None, awake: bool
    ) -> CustomerAnswer:
        assert awake
        assert question.selection.user_id == 1
        if self.error:
            raise self.error
        if self.go:
            await self.go.wait()
        everybody = self.by_change if sort is CustomerSort.CHANGE else self.hub.everybody
        first = int(cursor or 0)
        self.asked.append((sort, first))
        items = [item.model_dump(mode='json') for item in everybody[first : first + limit]]
        following = str(first + limit) if len(everybody) > first + limit else None
        return CustomerAnswer(members=orjson.dumps({'items': items, 'next_cursor': following})[1:-1])

    async def revenue(self, _question: Question) -> RevenueAtRisk:
        return self.worth


@dataclass
class FakeNews:
    """What a test says that changed since the last visit; marked as seen, nothing has."""

    changes: ChangesSince | None = None
    now: int | None = None
    """The revision; ``None``: nobody knows it."""
    error: Exception | None = None
    asked: int = 0

    def revision(self, _user_id: int) -> int | None:
        return self.now

    async def get(self, user_id: int) -> VisitNews | None:
        assert user_id == 1
        self.asked += 1
        if self.error:
            raise self.error
        return VisitNews(changes=self.changes, upto=Moment(at=NOW, arrivals=1)) if self.changes else None

    async def mark_seen(self, user_id: int, news: VisitNews) -> None:
        assert (user_id, news.changes) == (1, self.changes)
        if self.error:
            raise self.error
        self.changes = ChangesSince(since=rfc3339(news.upto.at))


@dataclass
class FakeRegistry:
    pages: list[tuple[str, Client]] = field(default_factory=list)

    def add(self, session_hash: str, client: Client) -> None:
        self.pages.append((session_hash, client))


@dataclass
class FakePreferences:
    """Those of user 1."""

    kept: Preferences = field(default_factory=Preferences)
    error: Exception | None = None

    async def change(self, user_id: int, **changes: Unpack[PreferenceChange]) -> Preferences:
        assert user_id == 1
        if self.error:
            raise self.error
        self.kept = replace(self.kept, **changes)
        return self.kept


@dataclass
class FakeViews:
    """The saved views of user 1."""

    kept: list[SavedView] = field(default_factory=list)
    error: Exception | None = None

    async def list(self, user_id: int) -> list[SavedView]:
        self._check(user_id)
        return sorted(self.kept, key=lambda view: view.name)

    async def add(self, user_id: int, name: str, query: DashboardQuery) -> SavedView:
        self._check(user_id)
        view = SavedView(id=len(self.kept) + 1, name=name, query=query, stored='')
        self.kept.append(view)
        return view

    async def restore(self, user_id: int, view: SavedView) -> SavedView:
        self._check(user_id)
        self.kept.append(view)
        return view

    async def change(
        self, user_id: int, view_id: int, *, name: str | None = None, query: DashboardQuery | None = None
    ) -> SavedView:
        self._check(user_id)
        (before,) = (view for view in self.kept if view.id == view_id)
        view = replace(before, name=name or before.name, query=query or before.query)
        self.kept[self.kept.index(before)] = view
        return view

    async def delete(self, user_id: int, view_id: int) -> SavedView:
        self._check(user_id)
        (view,) = (view for view in self.kept if view.id == view_id)
        self.kept.remove(view)
        return view

    def _check(self, user_id: int) -> None:
        assert user_id == 1
        if self.error:
            raise self.error


@dataclass(frozen=True)
class FakeSettings:
    refresh_seconds: float = 3600  # a test ticks by itself


IN_THE_BROWSER = Right(Proof(session_hash='hash'), token_version=3, expires_at=NEVER)


@dataclass(frozen=True, kw_only=True)
class FakeIdentity:
    user_id: int = 1
    email: str = 'alice@example.com'
    name: str = 'Alice'
    time_zone: str = 'Europe/Berlin'
    session_hash: str = 'hash'
    right: Right = IN_THE_BROWSER


@dataclass(frozen=True, kw_only=True)
class FakeServices:
    hub: FakeHub
    workspace: FakeWorkspace
    exports: FakeExports = field(default_factory=FakeExports)
    preferences: FakePreferences = field(default_factory=FakePreferences)
    customers: FakeCustomers
    news: FakeNews = field(default_factory=FakeNews)
    views: FakeViews = field(default_factory=FakeViews)
    page_registry: FakeRegistry = field(default_factory=FakeRegistry)
    settings: FakeSettings = FakeSettings()

    @classmethod
    def of(cls, hub: FakeHub) -> FakeServices:
        return cls(hub=hub, workspace=FakeWorkspace(hub), customers=FakeCustomers(hub))


def more(metrics: Metrics, **changes: int) -> Metrics:
    return replace(metrics, **changes)
