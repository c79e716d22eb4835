from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

from components import formats
from components.comparisons import churn_change, high_share_change, retention_change, volume_change
from components.markup import Markup, Node, tag
from components.metric_card import Course, MetricCard, Reading, metric_card
from components.trend_badge import TrendBadge
from services.schemas import DayFigures, Metrics, Trend, Trends

OVER = 'over all predictions that match the filters'
WEEK_BEFORE = 'vs the 7 days before'
CHURN = MetricCard(
    key='avg_churn_score',
    title='Average churn',
    formula=f'Mean churn score, {OVER}.',
    kind='fraction',
    trend=TrendBadge('churn_trend', rising_is='bad', period=''),
    course=Course(
        change=churn_change,
        words=f'{{}} {WEEK_BEFORE}',
        value=attrgetter('avg_churn_score'),
        line='Compared are the means of 7 days. The line: that of each day with predictions,',
    ),
)
HIGH = MetricCard(
    key='high_risk_predictions',
    title='High risk',
    formula=f'Predictions with a high churn score, {OVER}.',
    course=Course(
        change=high_share_change,
        words=f'Share {{}} {WEEK_BEFORE}',
        value=attrgetter('high'),
        line='Compared is their share of the predictions of 7 days. The line: their number on each day',
        from_zero=True,
    ),
)
RETENTION = MetricCard(
    key='retention_rate',
    title='Expected retention',
    formula='100 % minus the mean of each customer’s latest churn score.',
    kind='percent',
    trend=TrendBadge('retention_trend', period=''),
    course=Course(
        change=retention_change,
        words='{} vs 7 days ago',
        value=attrgetter('retention_rate'),
        line='The line: as of the end of each day',
    ),
)
NEW = MetricCard(
    key='new_predictions_today',
    title='New today',
    formula='Predictions made today.',
    course=Course(
        change=volume_change,
        words='{}',
        value=attrgetter('predictions'),
        line='Compared are whole days, without today. The line: predictions on each day',
        from_zero=True,
    ),
)
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
    trend=TrendBadge('engagement_trend', period=WEEK_BEFORE),
)
ACTIVE = MetricCard(key='active_users_today', title='Active today', formula='Customers with a prediction today.')
CARDS = (CHURN, HIGH, RETENTION, NEW, TOTAL, MEDIUM, LOW, ENGAGEMENT, ACTIVE)
LEADING = 4
"""So many of them lead, the others explain."""


class MetricGrid(Markup):
    """The nine numbers."""

    def __init__(self, *, zone: str) -> None:
        """:param zone: the reader's, whose days they are."""
        self._zone = zone
        self._readings = [Reading(card) for card in CARDS]
        self._days: Sequence[DayFigures] | None = None
        super().__init__(self.again())

    def show_zone(self, zone: str) -> None:
        """Days are those of another zone now."""
        self._zone = zone
        self.draw(self.again())

    def show(
        self,
        metrics: Metrics,
        trends: Trends,
        *,
        links: Mapping[str, str],
        days: Sequence[DayFigures] | None = None,
    ) -> None:
        """
        :param links: where each number leads, by its name.
        :param days: those of the same view, oldest first, if they are known already.
        """
        self._readings = _readings(metrics, trends, links)
        self._days = self._days if days is None else days
        self.draw(self.again())

    def show_days(self, days: Sequence[DayFigures]) -> None:
        """:param days: oldest first, those of the same view."""
        if days is not self._days:
            self._days = days
            self.draw(self.again())

    def again(self) -> Node:
        days = self._days
        readings = self._readings if days is None else [each.over(days) for each in self._readings]
        cards = [metric_card(each, zone=self._zone) for each in readings]
        leading = tag('dl', 'cards cards-primary', *cards[:LEADING])
        return tag('div', 'metrics', leading, tag('dl', 'cards cards-compact', *cards[LEADING:]))


def _readings(metrics: Metrics, trends: Trends, links: Mapping[str, str]) -> list[Reading]:
    """In the order of the cards."""

    def reading(card: MetricCard, value: str, note: str = '', trend: Trend | None = None) -> Reading:
        return Reading(card, value, note, trend, href=links[card.key])

    def mean(card: MetricCard, value: str, trend: Trend) -> Reading:
        """A mean of nothing is no 0 %."""
        return reading(card, value, trend=trend) if total else reading(card, formats.MISSING)

    def band(card: MetricCard, number: int) -> Reading:
        return reading(card, formats.count(number), f'{formats.share(number, total)} of predictions')

    total, active = metrics.total_predictions, metrics.active_users_today
    new = metrics.new_predictions_today
    customers = f', for {formats.plural(active, "customer", "customers")}' if active else ''
    return [
        mean(CHURN, formats.fraction(metrics.avg_churn_score), trends.churn_trend),
        band(HIGH, metrics.high_risk_predictions),
        mean(RETENTION, formats.percent(metrics.retention_rate), trends.retention_trend),
        reading(NEW, formats.count(new), f'{"prediction" if new == 1 else "predictions"}{customers}'),
        reading(TOTAL, formats.count(total), 'that matches' if total == 1 else 'that match'),
        band(MEDIUM, metrics.medium_risk_predictions),
        band(LOW, metrics.low_risk_predictions),
        mean(ENGAGEMENT, formats.percent(metrics.engagement_score), trends.engagement_trend),
        reading(ACTIVE, formats.count(active), 'customer' if active == 1 else 'customers'),
    ]
