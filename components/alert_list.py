from __future__ import annotations

from collections.abc import Sequence

from components.markup import Markup, Node, tag
from components.panel import panel
from components.time_ago import time_ago
from services.schemas import Alert, AlertType

ICONS = {AlertType.CRITICAL: '▲', AlertType.WARNING: '◆', AlertType.INFO: 'i'}
WORDS = {AlertType.CRITICAL: 'Critical', AlertType.WARNING: 'Warning', AlertType.INFO: 'For information'}


class AlertList(Markup):
    """What needs attention now, the most severe first. Alerts belong to the user: filters do not change them."""

    def __init__(self) -> None:
        super().__init__(_panel(()))

    def show(self, alerts: Sequence[Alert]) -> None:
        self.draw(_panel(alerts))


def _panel(alerts: Sequence[Alert]) -> Node:
    return panel(
        'Alerts',
        None if alerts else tag('p', 'quiet', 'Nothing needs your attention.'),
        tag('ul', 'alert-rows', *map(_row, alerts), role='list'),
        name='alerts',
        note=f'{len(alerts)} active, whatever the filters' if alerts else '',
    )


def _row(alert: Alert) -> Node:
    return tag(
        'li',
        f'alert alert-{alert.type}',
        tag('span', 'alert-icon', ICONS[alert.type], aria_hidden='true'),
        tag(
            'div',
            'alert-body',
            tag('div', 'alert-head', tag('span', 'alert-word', WORDS[alert.type]), time_ago(alert.timestamp)),
            tag('p', 'alert-message', alert.message),
        ),
        key=alert.id,
    )
