from __future__ import annotations

from collections.abc import Sequence

from components.customer_name import customer_name
from components.markup import Markup, Node, Rows, tag
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
        self._rows = Rows(_row)
        self._items: Sequence[bytes] = ()
        super().__init__(self.again())

    def show(self, items: Sequence[bytes]) -> None:
        """:param items: JSON of an ``ActivityItem`` each, as it is kept: only those that are new are looked into."""
        self._items = items
        self.draw(self.again())

    def again(self) -> Node:
        items = self._items
        return panel(
            'Recent activity',
            tag('ol', 'activity-rows', *self._rows.of(items), role='list'),
            name='activity',
            note=f'The latest {len(items)} predictions' if len(items) > 1 else '',
        )


def _row(encoded: bytes) -> Node:
    item = ActivityItem.model_validate_json(encoded)
    return tag(
        'li',
        'activity-row',
        risk_chip(item.risk_level, item.churn_score),
        customer_name(item.customer_id, item.customer_name),
        tag('span', 'source', STATUS_WORDS[item.status] + (item.file_name or 'API')),
        time_ago(item.timestamp),
        key=item.id,
    )
