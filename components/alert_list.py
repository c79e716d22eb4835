from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from components.markup import Child, Markup, Node, tag
from components.panel import panel
from components.time_ago import time_ago
from services.schemas import Alert, AlertType

ICONS = {AlertType.CRITICAL: '▲', AlertType.WARNING: '◆', AlertType.INFO: 'i'}
WORDS = {AlertType.CRITICAL: 'Critical', AlertType.WARNING: 'Warning', AlertType.INFO: 'For information'}
WIDE_ROOM = 2
"""Alerts for which there is room at the least; on a phone it is for one."""
INSTANT = re.compile(r'(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC')
"""As messages name it, which programs read as well; the browser writes it for the reader, in the reader's zone."""


class AlertList(Markup):
    """What needs attention now, the most severe first. Alerts belong to the user: filters do not change them.

    There is room for as many as there are when the reader comes, and for one or two in any case: one that starts or
    ends moves nothing of what is being read. What is more than there is room for is scrolled to.
    """

    def __init__(self) -> None:
        self._room: int | None = None
        self._shown: tuple[tuple[Alert, ...], int] = ((), 1)
        super().__init__(_panel((), room=1))

    def show(self, alerts: Sequence[Alert]) -> None:
        """The first that are shown decide about the room."""
        if self._room is None:
            self._room = max(1, len(alerts))
        shown = (tuple(alerts), self._room)
        if shown != self._shown:
            self._shown = shown
            self.draw(_panel(alerts, room=self._room))

    def make_room(self) -> None:
        """The reader asked for something else: what is shown next may take other room."""
        self._room = None


def _panel(alerts: Sequence[Alert], *, room: int) -> Node:
    return panel(
        'Alerts',
        tag(
            'div',
            'alert-place',
            _room(room),
            None if alerts else tag('p', 'quiet', 'Nothing needs your attention.'),
            # what is scrolled is scrolled by keys, too
            tag('ul', 'alert-rows', *map(_row, alerts), role='list', tabindex='0' if len(alerts) > room else None),
        ),
        name='alerts',
        note=f'{len(alerts)} active, whatever the filters' if alerts else '',
    )


def _room(room: int) -> Node:
    slots = ['alert-slot'] * room + ['alert-slot alert-slot-spare'] * (WIDE_ROOM - room)
    return tag('div', 'alert-room', *(tag('div', classes) for classes in slots), aria_hidden='true')


def _row(alert: Alert) -> Node:
    return tag(
        'li',
        f'alert alert-{alert.type}',
        tag('span', 'alert-icon', ICONS[alert.type], aria_hidden='true'),
        tag(
            'div',
            'alert-body',
            tag('div', 'alert-head', tag('span', 'alert-word', WORDS[alert.type]), time_ago(alert.timestamp)),
            tag('p', 'alert-message', *_message(alert.message)),
        ),
        key=alert.id,
    )


def _message(text: str) -> Iterator[Child]:
    rest = 0
    for found in INSTANT.finditer(text):
        day, time = found.groups()
        yield text[rest : found.start()]
        yield tag('time', datetime=f'{day}T{time}:00Z', data_moment='')
        rest = found.end()
    yield text[rest:]
