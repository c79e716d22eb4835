from __future__ import annotations

from datetime import datetime

from nicegui import ui

from components.element_state import set_prop


class Connection(ui.element, default_classes='connection'):
    """How fresh the numbers are. The server only says what it knows; assets/live.js draws it.

    Drawn in the browser because it must also be right while the server cannot be reached.
    """

    def __init__(self, *, refresh_seconds: float, time_zone: str) -> None:
        super().__init__('div')
        self.mark('connection')
        self.props['data-connection'] = ''
        self.props['data-interval'] = str(refresh_seconds)
        self.props['data-zone'] = time_zone

    def show(self, as_of: datetime) -> None:
        set_prop(self, 'data-as-of', as_of.isoformat(timespec='milliseconds'))

    def show_delayed(self, delayed: bool) -> None:
        """The server knows that it cannot bring newer numbers: not live, however young the last ones are."""
        set_prop(self, 'data-delayed', 'true' if delayed else None)

    def show_paused(self, paused: bool) -> None:
        set_prop(self, 'data-paused', 'true' if paused else None)
