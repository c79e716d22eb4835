from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from nicegui import core

from components.element_state import set_prop
from components.formats import ENGLISH, NumberFormat
from components.light_element import LightElement

BEAT = 'as_of'
"""What assets/live.js hears on the page's socket."""


class Connection(LightElement, default_classes='connection'):
    """How fresh the numbers are. The server only says what it knows; assets/live.js draws it.

    Drawn in the browser because it must also be right while the server cannot be reached.
    """

    def __init__(self, *, time_zone: str, numbers: NumberFormat = ENGLISH, shortcuts: bool = True) -> None:
        """
        :param numbers: how the browser is to write times, and the numbers it asks for by itself.
        :param shortcuts: whether single keys do something.
        """
        super().__init__('div')
        self.mark('connection')
        self.props['data-connection'] = ''
        self.props['data-zone'] = self.time_zone = time_zone
        self._on_zone: list[Callable[[str], Any]] = []
        self.show_format(numbers)
        self.show_shortcuts(shortcuts)

    def show_format(self, numbers: NumberFormat) -> None:
        """How numbers and dates are written: here as in what the server writes."""
        set_prop(self, 'data-signs', numbers.decimal + numbers.group)
        set_prop(self, 'data-day', numbers.dates.day)
        set_prop(self, 'data-time', numbers.dates.time)

    def on_zone(self, listener: Callable[[str], Any]) -> None:
        """Call ``listener(zone)`` when the page is to show the days of another zone."""
        self._on_zone.append(listener)

    def show_zone(self, zone: str) -> None:
        """Whose days the page shows, and its times of day."""
        if zone == self.time_zone:
            return
        self.time_zone = zone
        set_prop(self, 'data-zone', zone)
        for listener in self._on_zone:
            listener(zone)

    def show_shortcuts(self, on: bool) -> None:
        set_prop(self, 'data-no-shortcuts', None if on else 'true')

    def show_interval(self, seconds: float) -> None:
        """How often newer numbers are to be expected."""
        set_prop(self, 'data-interval', f'{seconds:g}')

    def show_query(self, query: str) -> None:
        """What the numbers are of, for when they have to be asked for by REST.

        :param query: the query string with its question mark, or nothing.
        """
        set_prop(self, 'data-query', query or None)

    def show_critical(self, alerts: Sequence[str]) -> None:
        """Which critical alerts are active, by their ids; assets/unseen.js counts those that were not looked at."""
        set_prop(self, 'data-critical', ' '.join(alerts))

    def show(self, as_of: datetime) -> None:
        set_prop(self, 'data-as-of', _written(as_of))

    async def beat(self, as_of: datetime) -> None:
        """Nothing else is newer: told past the elements and what is kept until a browser says that it has it.

        One that is lost is followed by another.
        """
        told = _written(as_of)
        if told == self.props.get('data-as-of'):
            return
        dict.__setitem__(self.props, 'data-as-of', told)  # whatever else is shown next comes with it
        await core.sio.emit(BEAT, told, room=self.client.id)

    def show_delayed(self, delayed: bool) -> None:
        """The server knows that it cannot bring newer numbers: not live, however young the last ones are."""
        set_prop(self, 'data-delayed', 'true' if delayed else None)

    def show_paused(self, paused: bool, *, off: bool = False) -> None:
        """:param off: nothing newer is shown by itself, paused or not."""
        set_prop(self, 'data-paused', 'off' if off else 'true' if paused else None)


def _written(as_of: datetime) -> str:
    return as_of.isoformat(timespec='milliseconds')
