"""The nine numbers and three trends, from exact sums. Formulas: the definitions table of the README."""

from __future__ import annotations

from services.aggregates import Aggregates, Total
from services.schemas import Metrics, Trend, Trends
from services.scores import ONE

CHURN_BAND = (1, 100)
ENGAGEMENT_BAND = (5, 100)
RETENTION_BAND = (1, 100)
"""As numerator and denominator; the trends compare means from 0 to 1, of which a point of retention is a hundredth."""


def metrics(sums: Aggregates) -> Metrics:
    """In whole numbers throughout: these are worked out for every user whose data changes, at every beat."""
    customers = sums.customers
    return Metrics(
        total_predictions=sums.all.count,
        avg_churn_score=quotient(sums.all.sum, sums.all.count * ONE, decimals=4),
        high_risk_predictions=sums.high,
        medium_risk_predictions=sums.medium,
        low_risk_predictions=sums.all.count - sums.high - sums.medium,
        engagement_score=quotient(100 * sums.customers_in_week, sums.customers_in_month, decimals=2),
        retention_rate=quotient(100 * (customers.count * ONE - customers.sum), customers.count * ONE, decimals=2),
        active_users_today=sums.customers_today,
        new_predictions_today=sums.today,
    )


def trends(sums: Aggregates) -> Trends:
    return Trends(
        churn_trend=trend(sums.week, sums.week_before, band=CHURN_BAND),
        engagement_trend=growth(sums.customer_days, sums.customer_days_before, band=ENGAGEMENT_BAND),
        # retention is 1 - the mean of the latest scores: it rises as that falls
        retention_trend=trend(sums.customers_week_ago, sums.customers_at_anchor, band=RETENTION_BAND),
    )


def trend(now: Total, before: Total, *, band: tuple[int, int]) -> Trend:
    """Of two mean scores. Outside the band is a trend; on its edge, or with data on one side only, is stable."""
    if not now.count or not before.count:
        return Trend.STABLE
    difference = now.sum * before.count - before.sum * now.count
    return _outside(difference, now.count * before.count * ONE, band)


def growth(now: int, before: int, *, band: tuple[int, int]) -> Trend:
    """Of a count over another, minus 1; the same rules."""
    return _outside(now - before, before, band) if now and before else Trend.STABLE


def _outside(numerator: int, denominator: int, band: tuple[int, int]) -> Trend:
    if abs(numerator) * band[1] <= band[0] * denominator:
        return Trend.STABLE
    return Trend.INCREASING if numerator > 0 else Trend.DECREASING


def quotient(numerator: int, denominator: int, *, decimals: int) -> float:
    """Of two whole numbers, the numerator not negative, rounded half to even and exact; 0 where nothing is divided."""
    if not denominator:
        return 0.0
    whole, rest = divmod(numerator * 10**decimals, denominator)
    up = 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1)
    return float((whole + up) / 10**decimals)
