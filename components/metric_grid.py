from __future__ import annotations

from nicegui import ui

from components import formats
from components.metric_card import MetricCard
from components.trend_badge import Polarity
from services.schemas import Metrics, Trends

OVER = 'over all predictions that match the filters'
FORMULAS = {
    'avg_churn_score': f'Mean churn score, {OVER}.',
    'high_risk_predictions': f'Predictions with a high churn score, {OVER}.',
    'retention_rate': '100 % minus the mean of each customer’s latest churn score.',
    'new_predictions_today': 'Predictions made today, in your time zone.',
    'total_predictions': 'All predictions that match the filters.',
    'medium_risk_predictions': f'Predictions with a medium churn score, {OVER}.',
    'low_risk_predictions': f'Predictions with a low churn score, {OVER}.',
    'engagement_score': 'Customers scored in the last 7 days, as a share of those scored in the last 30 days.',
    'active_users_today': 'Customers with a prediction today.',
}


class MetricGrid(ui.element, default_classes='metrics'):
    """The nine numbers: four that lead, five that explain."""

    def __init__(self) -> None:
        super().__init__('div')
        with self:
            with ui.element('dl').classes('cards cards-primary'):
                self._churn = _card(
                    'avg_churn_score', 'Average churn', 'fraction', trend='churn_trend', rising_is='bad'
                )
                self._high = _card('high_risk_predictions', 'High risk')
                self._retention = _card('retention_rate', 'Expected retention', 'percent', trend='retention_trend')
                self._new = _card('new_predictions_today', 'New today')
            with ui.element('dl').classes('cards cards-compact'):
                self._total = _card('total_predictions', 'Predictions')
                self._medium = _card('medium_risk_predictions', 'Medium risk')
                self._low = _card('low_risk_predictions', 'Low risk')
                self._engagement = _card('engagement_score', 'Engagement', 'percent', trend='engagement_trend')
                self._active = _card('active_users_today', 'Active today')

    def show(self, metrics: Metrics, trends: Trends) -> None:
        if metrics.total_predictions:
            self._churn.show(formats.fraction(metrics.avg_churn_score), trend=trends.churn_trend)
            self._retention.show(formats.percent(metrics.retention_rate), trend=trends.retention_trend)
            self._engagement.show(formats.percent(metrics.engagement_score), trend=trends.engagement_trend)
        else:
            for card in (self._churn, self._retention, self._engagement):
                card.show(formats.MISSING)  # a mean of nothing is no 0 %
        self._show_counts(metrics)

    def _show_counts(self, metrics: Metrics) -> None:
        total = metrics.total_predictions
        customers = formats.plural(metrics.active_users_today, 'customer', 'customers')
        self._new.show(formats.count(metrics.new_predictions_today), note=f'predictions, for {customers}')
        self._total.show(formats.count(total), note='that match')
        self._active.show(formats.count(metrics.active_users_today), note='customers')
        for card, number in (
            (self._high, metrics.high_risk_predictions),
            (self._medium, metrics.medium_risk_predictions),
            (self._low, metrics.low_risk_predictions),
        ):
            card.show(formats.count(number), note=f'{formats.share(number, total)} of predictions')


def _card(
    key: str, title: str, kind: formats.NumberKind = 'count', *, trend: str | None = None, rising_is: Polarity = 'good'
) -> MetricCard:
    card = MetricCard(title, FORMULAS[key], key=key, kind=kind, trend=trend, rising_is=rising_is)
    return card.classes(f'card-{key}')
