from __future__ import annotations

from components import formats
from components.markup import Markup, Node, tag
from components.metric_card import MetricCard
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
        super().__init__(_grid([card.draw(formats.MISSING) for card in CARDS]))

    def show(self, metrics: Metrics, trends: Trends) -> None:
        total = metrics.total_predictions
        active, customers = (
            metrics.active_users_today,
            formats.plural(metrics.active_users_today, 'customer', 'customers'),
        )
        new = formats.count(metrics.new_predictions_today)
        self.draw(
            _grid(
                [
                    _mean(CHURN, total, formats.fraction(metrics.avg_churn_score), trends.churn_trend),
                    _band(HIGH, total, metrics.high_risk_predictions),
                    _mean(RETENTION, total, formats.percent(metrics.retention_rate), trends.retention_trend),
                    NEW.draw(new, note=f'predictions, for {customers}'),
                    TOTAL.draw(formats.count(total), note='that match'),
                    _band(MEDIUM, total, metrics.medium_risk_predictions),
                    _band(LOW, total, metrics.low_risk_predictions),
                    _mean(ENGAGEMENT, total, formats.percent(metrics.engagement_score), trends.engagement_trend),
                    ACTIVE.draw(formats.count(active), note='customers'),
                ]
            )
        )


def _grid(cards: list[Node]) -> Node:
    return tag(
        'div',
        'metrics',
        tag('dl', 'cards cards-primary', *cards[:LEADING]),
        tag('dl', 'cards cards-compact', *cards[LEADING:]),
    )


def _mean(card: MetricCard, total: int, value: str, trend: Trend) -> Node:
    """A mean of nothing is no 0 %."""
    return card.draw(value, trend=trend) if total else card.draw(formats.MISSING)


def _band(card: MetricCard, total: int, number: int) -> Node:
    return card.draw(formats.count(number), note=f'{formats.share(number, total)} of predictions')
