from __future__ import annotations

from components.element_state import set_prop
from components.light_element import LightElement
from components.markup import Node, tag


class TimeAgo(LightElement):
    """An instant. assets/live.js writes "3 min ago" into it, lets it tick, and shows date, time and zone on hover."""

    def __init__(self, timestamp: str | None = None, *, clock: bool = False) -> None:
        """:param clock: write the time of day instead of the age."""
        super().__init__('time')
        if clock:
            self.props('data-clock')
        self.show(timestamp)

    def show(self, timestamp: str | None) -> None:
        set_prop(self, 'datetime', timestamp)


def time_ago(timestamp: str, *, clock: bool = False, classes: str = '', role: str | None = None) -> Node:
    """The same in a markup."""
    return tag('time', classes, datetime=timestamp, data_clock='' if clock else None, role=role)
