"""The nine numbers and three trends, from exact sums. Formulas: the definitions table of the README."""

from __future__ import annotations

from fractions import Fraction

from services.aggregates import Aggregates, Total
from services.schemas import Metrics, Trend, Trends
from services.scores import ONE

CHURN_BAND = Fraction(1, 100)
ENGAGEMENT_BAND = Fraction(5, 100)
RETENTION_BAND = Fraction(1)


def mean(total: Total) -> Fraction | None:
    """The mean score, 0..1; ``None`` without scores."""
    return Fraction(total.sum, total.count * ONE) if total.count else None


def expected_retention(customers: Total) -> Fraction | None:
    """100 x (1 - mean of the customers' latest scores); ``None`` without customers."""
    churn = mean(customers)
    return None if churn is None else 100 * (1 - churn)


def metrics(sums: Aggregates) -> Metrics:
    return Metrics(
        total_predictions=sums.all.count,
        avg_churn_score=rounded(mean(sums.all), 4),
        high_risk_predictions=sums.high,
        medium_risk_predictions=sums.medium,
        low_risk_predictions=sums.all.count - sums.high - sums.medium,
        engagement_score=rounded(ratio(100 * sums.customers_in_week, sums.customers_in_month), 2),
        retention_rate=rounded(expected_retention(sums.customers), 2),
        active_users_today=sums.customers_today,
        new_predictions_today=sums.today,
    )


def trends(sums: Aggregates) -> Trends:
    engagement = ratio(sums.customer_days, sums.customer_days_before)
    return Trends(
        churn_trend=trend(mean(sums.week), mean(sums.week_before), band=CHURN_BAND),
        engagement_trend=trend(engagement, Fraction(1), band=ENGAGEMENT_BAND) if sums.customer_days else Trend.STABLE,
        retention_trend=trend(
            expected_retention(sums.customers_at_anchor),
            expected_retention(sums.customers_week_ago),
            band=RETENTION_BAND,
        ),
    )


def trend(now: Fraction | None, before: Fraction | None, *, band: Fraction) -> Trend:
    """Outside the band is a trend; on its edge, or with data on one side only, is stable."""
    if now is None or before is None or abs(now - before) <= band:
        return Trend.STABLE
    return Trend.INCREASING if now > before else Trend.DECREASING


def ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def rounded(value: Fraction | None, decimals: int) -> float:
    """Half to even, exact; 0 without a value."""
    return 0.0 if value is None else float(round(value, decimals))
