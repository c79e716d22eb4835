from __future__ import annotations

from collections.abc import Sequence

from components.customer_name import customer_name
from components.markup import Markup, Node, shared, tag
from components.panel import panel
from components.risk_chip import risk_chip
from components.time_ago import time_ago
from services.schemas import ActivityItem, PredictionStatus

STATUS_WORDS = {
    PredictionStatus.COMPLETED: '',
    PredictionStatus.PENDING: 'Pending · ',
    PredictionStatus.FAILED: 'Failed · ',
}


class ActivityList(Markup):
    """The latest predictions, newest first."""

    def __init__(self) -> None:
        super().__init__(_panel(()))

    def show(self, items: Sequence[ActivityItem]) -> None:
        self.draw(_panel(items))


def _panel(items: Sequence[ActivityItem]) -> Node:
    return panel(
        'Recent activity',
        tag('ol', 'activity-rows', *map(_row, items), role='list'),
        name='activity',
        note=f'The latest {len(items)} predictions' if len(items) > 1 else '',
    )


@shared
def _row(item: ActivityItem) -> Node:
    return tag(
        'li',
        'activity-row',
        risk_chip(item.risk_level, item.churn_score),
        customer_name(item.customer_id, item.customer_name),
        tag('span', 'source', STATUS_WORDS[item.status] + (item.file_name or 'API')),
        time_ago(item.timestamp),
        key=item.id,
    )
