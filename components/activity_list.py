from __future__ import annotations

from collections.abc import Sequence

from components.customer_name import CustomerName
from components.keyed_rows import KeyedRows, Row
from components.panel import Panel
from components.risk_chip import RiskChip
from components.text import Text
from components.time_ago import TimeAgo
from services.schemas import ActivityItem, PredictionStatus

STATUS_WORDS = {
    PredictionStatus.COMPLETED: '',
    PredictionStatus.PENDING: 'Pending · ',
    PredictionStatus.FAILED: 'Failed · ',
}


class ActivityRow(Row[ActivityItem], default_classes='activity-row'):
    def __init__(self) -> None:
        super().__init__('li')
        with self:
            self._risk = RiskChip()
            self._customer = CustomerName()
            self._source = Text('span').classes('source')
            self._time = TimeAgo()

    def show(self, item: ActivityItem) -> None:
        self._risk.show(item.risk_level, item.churn_score)
        self._customer.show(item.customer_id, item.customer_name)
        self._source.set_text(STATUS_WORDS[item.status] + (item.file_name or 'API'))
        self._time.show(item.timestamp)


class ActivityList(Panel):
    """The latest predictions, newest first."""

    def __init__(self) -> None:
        super().__init__('Recent activity', name='activity')
        with self:
            self._rows = KeyedRows('ol', ActivityRow, lambda item: item.id)
            self._rows.classes('activity-rows').props('role=list').mark('activity-rows')

    def show(self, items: Sequence[ActivityItem]) -> None:
        self.show_note(f'The latest {len(items)} predictions' if len(items) > 1 else '')
        self._rows.show(items)
