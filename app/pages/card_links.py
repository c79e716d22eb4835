"""Where the cards of the board lead: to the view of what they count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from app.view_address import address_of
from services.query import DashboardQuery, DateRange
from services.schemas import RiskLevel

LIST = '#at-risk-title'
ACTIVITY = '#activity-title'


@lru_cache(256)
def card_links(query: DashboardQuery) -> Mapping[str, str]:
    """By the name of the number; each keeps whatever else the view is narrowed to."""

    def risk(level: RiskLevel) -> str:
        return address_of(replace(query, risk=(level,))) + LIST

    def days(span: DateRange) -> str:
        return address_of(replace(query, first_day=None, last_day=None, range=span))

    links = {
        'avg_churn_score': address_of(query) + LIST,
        'high_risk_predictions': risk(RiskLevel.HIGH),
        'retention_rate': address_of(query) + LIST,
        'new_predictions_today': days(DateRange.TODAY) + ACTIVITY,
        'total_predictions': address_of(query) + ACTIVITY,
        'medium_risk_predictions': risk(RiskLevel.MEDIUM),
        'low_risk_predictions': risk(RiskLevel.LOW),
        'engagement_score': days(DateRange.DAYS_7) + LIST,
        'active_users_today': days(DateRange.TODAY) + LIST,
    }
    return MappingProxyType(links)
