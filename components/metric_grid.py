from __future__ import annotations

from components import formats
from components.markup import Markup, Node, Rows, tag
from components.metric_card import MetricCard, Reading, metric_card
from components.trend_badge import TrendBadge
from services.schemas import Metrics, Trend, Trends

OVER = 'over all predictions that match the filters'
CHURN = MetricCard(
    key='avg_churn_score',
    title='Average churn',
    formula=f'Mean churn score, {OVER}.',
    kind='fraction',
    trend=TrendBadge('churn_trend', rising_is='bad'),
)
HIGH = MetricCard(
    key='high_risk_predictions', title='High risk', formula=f'Predictions with a high churn score, {OVER}.'
)
RETENTION = MetricCard(
    key='retention_rate',
    title='Expected retention',
    formula='100 % minus the mean of each customer’s latest churn score.',
    kind='percent',
    trend=TrendBadge('retention_trend'),
)
NEW = MetricCard(key='new_predictions_today', title='New today', formula='Predictions made today, in your time zone.')
TOTAL = MetricCard(key='total_predictions', title='Predictions', formula='All predictions that match the filters.')
MEDIUM = MetricCard(
    key='medium_risk_predictions', title='Medium risk', formula=f'Predictions with a medium churn score, {OVER}.'
)
LOW = MetricCard(key='low_risk_predictions', title='Low risk', formula=f'Predictions with a low churn score, {OVER}.')
ENGAGEMENT = MetricCard(
    key='engagement_score',
    title='Engagement',
    formula='Customers scored in the last 7 days, as a share of those scored in the last 30 days.',
    kind='percent',
    trend=TrendBadge('engagement_trend'),
)
ACTIVE = MetricCard(key='active_users_today', title='Active today', formula='Customers with a prediction today.')
CARDS = (CHURN, HIGH, RETENTION, NEW, TOTAL, MEDIUM, LOW, ENGAGEMENT, ACTIVE)
LEADING = 4
"""So many of them lead, the others explain."""


class MetricGrid(Markup):
    """The nine numbers."""

    def __init__(self) -> None:
        self._cards = Rows(metric_card)
        super().__init__(self._grid([Reading(card) for card in CARDS]))

    def show(self, metrics: Metrics, trends: Trends) -> None:
        self.draw(self._grid(_readings(metrics, trends)))

    def _grid(self, readings: list[Reading]) -> Node:
        cards = self._cards.of(readings)
        leading = tag('dl', 'cards cards-primary', *cards[:LEADING])
        return tag('div', 'metrics', leading, tag('dl', 'cards cards-compact', *cards[LEADING:]))


def _readings(metrics: Metrics, trends: Trends) -> list[Reading]:
    """In the order of the cards."""
    total, active = metrics.total_predictions, metrics.active_users_today
    customers = formats.plural(active, 'customer', 'customers')
    return [
        _mean(CHURN, total, formats.fraction(metrics.avg_churn_score), trends.churn_trend),
        _band(HIGH, total, metrics.high_risk_predictions),
        _mean(RETENTION, total, formats.percent(metrics.retention_rate), trends.retention_trend),
        Reading(NEW, formats.count(metrics.new_predictions_today), f'predictions, for {customers}'),
        Reading(TOTAL, formats.count(total), 'that match'),
        _band(MEDIUM, total, metrics.medium_risk_predictions),
        _band(LOW, total, metrics.low_risk_predictions),
        _mean(ENGAGEMENT, total, formats.percent(metrics.engagement_score), trends.engagement_trend),
        Reading(ACTIVE, formats.count(active), 'customers'),
    ]


def _mean(card: MetricCard, total: int, value: str, trend: Trend) -> Reading:
    """A mean of nothing is no 0 %."""
    return Reading(card, value, trend=trend) if total else Reading(card)


def _band(card: MetricCard, total: int, number: int) -> Reading:
    return Reading(card, formats.count(number), f'{formats.share(number, total)} of predictions')
