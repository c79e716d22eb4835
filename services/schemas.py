"""The public payloads: what REST, Socket.IO, exports and pages all show.

Keys, types and their order are a contract with external programs: optional keys may be added, none removed or retyped.
Times are RFC 3339 in UTC with milliseconds and ``Z``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class RiskLevel(StrEnum):
    LOW = 'low'
    MEDIUM = 'medium'
    HIGH = 'high'


class Trend(StrEnum):
    INCREASING = 'increasing'
    STABLE = 'stable'
    DECREASING = 'decreasing'


class PredictionStatus(StrEnum):
    COMPLETED = 'completed'
    PENDING = 'pending'
    FAILED = 'failed'


class AlertType(StrEnum):
    """Most severe first."""

    CRITICAL = 'critical'
    WARNING = 'warning'
    INFO = 'info'


class BoardState(StrEnum):
    REFRESHING = 'refreshing'
    """The last known numbers, true as of their timestamp; newer ones are being worked out."""


class Payload(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


KEPT = ConfigDict(use_attribute_docstrings=True)
"""Of payloads that are kept for every user who is watched: plain dataclasses, a fifth of the size of a model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """The nine numbers; never null, 0 when no prediction matches."""

    __pydantic_config__ = KEPT

    total_predictions: int
    avg_churn_score: float
    """Mean score, 0..1, 4 decimals."""
    high_risk_predictions: int
    medium_risk_predictions: int
    low_risk_predictions: int
    engagement_score: float
    """100 x distinct customers of the last 7 days / of the last 30 days, 2 decimals."""
    retention_rate: float
    """Expected retention: 100 x (1 - mean over customers of their latest score), 2 decimals."""
    active_users_today: int
    """Distinct customers with a prediction today."""
    new_predictions_today: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Trends:
    __pydantic_config__ = KEPT

    churn_trend: Trend
    engagement_trend: Trend
    retention_trend: Trend


class ActivityItem(Payload):
    """One prediction. ``id`` numbers the user's predictions in order of arrival; ``user_id`` is the owner's."""

    id: str
    user_id: str
    churn_score: float
    risk_level: RiskLevel
    timestamp: str
    file_name: str | None = None
    status: PredictionStatus
    customer_id: str
    customer_name: str | None = None
    reasons: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """An active alert: ``timestamp`` is when it started, ``id`` stays while it is active."""

    __pydantic_config__ = KEPT

    type: AlertType
    message: str
    timestamp: str
    id: str


class DashboardData(Payload):
    """The board's numbers for one user and query; ``timestamp`` says when they were last known to be true."""

    user_id: int
    timestamp: str
    metrics: Metrics
    recent_activity: tuple[ActivityItem, ...]
    trends: Trends
    alerts: tuple[Alert, ...]
    state: BoardState | None = None
    sample: bool | None = None
    """True where any of the data was made up for the sample workspace."""


class AtRiskCustomer(Payload):
    """A customer by the latest score that matches the query."""

    customer_id: str
    customer_name: str | None = None
    churn_score: float
    risk_level: RiskLevel
    timestamp: str
    account_value: float | None = None
    reasons: tuple[str, ...] | None = None
    change_7d: float | None = None
    """The score minus the customer's latest in the query as of the end of the day a week ago; of a query that ends
    earlier, of the day a week before its last one. Absent where there was none by then."""


class SnoozedCustomer(AtRiskCustomer):
    """A customer who is left out of the list of those at risk for a while."""

    snoozed_until: date
    """The first day on which it is listed again."""
    snooze_reason: str | None = None


class MovedCustomer(AtRiskCustomer):
    """A customer whose latest score is not what it was at some moment."""

    change: float | None = None
    """Its score minus the one it had then; absent: it had none."""


class ChangesSince(Payload):
    """What changed in all of a user's customers, whatever query is looked at."""

    since: str
    newly_high: int = 0
    """Customers at high risk who were not then, or had no score."""
    recovered: int = 0
    """Customers who were at high risk then and are not now."""
    moved: int = 0
    """Customers whose latest score is another one than then, or the first."""
    newly_high_customers: tuple[MovedCustomer, ...] = ()
    """Highest score first, at most 20."""
    recovered_customers: tuple[MovedCustomer, ...] = ()
    """Largest fall first, at most 20."""
    movers: tuple[MovedCustomer, ...] = ()
    """The 5 whose scores differ most from what they were then, up or down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreBin:
    """Predictions with ``lower <= score < upper``; the last bin includes 1."""

    __pydantic_config__ = KEPT

    lower: float
    upper: float
    count: int
    risk_level: RiskLevel


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskDay:
    """Customers by risk as of the end of one day, from the latest scores up to then."""

    __pydantic_config__ = KEPT

    day: date
    high: int
    medium: int
    low: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DayFigures:
    """One day: its predictions, and how many customers are expected to stay as of its end."""

    __pydantic_config__ = KEPT

    day: date
    predictions: int
    """Predictions of the day that match the query."""
    avg_churn_score: float | None = None
    """Their mean score, 0..1, 4 decimals; none on a day without predictions."""
    high: int
    """Predictions of the day by their own risk, as are ``medium`` and ``low``."""
    medium: int
    low: int
    retention_rate: float
    """Expected retention as of the end of the day: 100 x (1 - mean of each customer's latest score), 2 decimals."""


class RevenueAtRisk(Payload):
    """Sums over the customers whose latest prediction in the query is of high risk, snoozed or not."""

    customers: int
    with_value: int
    """Of how many an account value is known."""
    account_value: float | None = None
    """Their sum, in whatever unit they came in; absent where none is known."""
    state: BoardState | None = None
    """There while newer sums are being worked out: these are the ones known last."""


class Charts(Payload):
    """What the page shows beside ``DashboardData``, for the same user and query."""

    at_risk: tuple[AtRiskCustomer, ...]
    """Highest latest score first, at most 20, without those who are snoozed."""
    customers: int
    """Customers with a prediction that matches the query, snoozed or not."""
    histogram: tuple[ScoreBin, ...]
    """20 bins of 0.05 over all predictions that match."""
    risk_over_time: tuple[RiskDay, ...]
    """Oldest first; the query's days, at most the last 90."""
    days: tuple[DayFigures, ...] = ()
    """What happened on each of these same days."""
    snoozed: tuple[SnoozedCustomer, ...] = ()
    """Who is left out of ``at_risk``: highest latest score first, at most 20."""
    snoozed_customers: int = 0
    """How many are left out."""
    revenue: RevenueAtRisk | None = Field(default=None, exclude=True)
    """For the board alone: what those at high risk are worth; ``None``: that is asked for, as it takes longer."""
