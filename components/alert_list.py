from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from components.element_state import replace_class
from components.keyed_rows import KeyedRows, Row
from components.panel import Panel
from components.text import Text
from components.time_ago import TimeAgo
from services.schemas import Alert, AlertType

ICONS = {AlertType.CRITICAL: '▲', AlertType.WARNING: '◆', AlertType.INFO: 'i'}
WORDS = {AlertType.CRITICAL: 'Critical', AlertType.WARNING: 'Warning', AlertType.INFO: 'For information'}


class AlertRow(Row[Alert], default_classes='alert'):
    def __init__(self) -> None:
        super().__init__('li')
        self._type = ''
        with self:
            self._icon = Text('span').classes('alert-icon').props('aria-hidden=true')
            with ui.element('div').classes('alert-body'):
                with ui.element('div').classes('alert-head'):
                    self._word = Text('span').classes('alert-word')
                    self._time = TimeAgo()
                self._message = Text('p').classes('alert-message')

    def show(self, alert: Alert) -> None:
        self._icon.set_text(ICONS[alert.type])
        self._word.set_text(WORDS[alert.type])
        self._message.set_text(alert.message)
        self._time.show(alert.timestamp)
        replace_class(self, self._type, f'alert-{alert.type}')
        self._type = f'alert-{alert.type}'


class AlertList(Panel):
    """What needs attention now, the most severe first. Alerts belong to the user: filters do not change them."""

    def __init__(self) -> None:
        super().__init__('Alerts', name='alerts')
        with self:
            self._none = Text('p', 'Nothing needs your attention.').classes('quiet')
            self._rows = KeyedRows('ul', AlertRow, lambda alert: alert.id)
            self._rows.classes('alert-rows').props('role=list').mark('alert-rows')

    def show(self, alerts: Sequence[Alert]) -> None:
        self._none.set_visibility(not alerts)
        self.show_note(f'{len(alerts)} active, whatever the filters' if alerts else '')
        self._rows.show(alerts)
