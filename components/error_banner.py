from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from components.banner import Banner
from components.markup import tag
from components.time_ago import time_ago

KNOWN = 'The numbers could not be refreshed, showing those of '
NONE = 'The numbers could not be read.'
KNOWN_IN_PART = 'The numbers are new, the charts and lists could not be refreshed. They are those of '
NONE_IN_PART = 'The charts and lists could not be read.'


class ErrorBanner(Banner):
    """Says that the numbers are older than they should be, of when they are, and lets people try again."""

    def __init__(self, on_retry: Callable[[], Any]) -> None:
        super().__init__(action='Retry', on_action=on_retry, kind='error')
        self.props('role=status')

    def show(self, reason: str, *, as_of: datetime | None, partly: bool = False) -> None:
        """
        :param as_of: when all that is shown was last brought up to date, if it ever was.
        :param partly: the numbers themselves have come since.
        """
        known, none = (KNOWN_IN_PART, NONE_IN_PART) if partly else (KNOWN, NONE)
        self.say(
            'Not up to date' if as_of or partly else 'No numbers yet',
            tag('span', '', known if as_of else none),
            time_ago(as_of.isoformat(timespec='milliseconds'), clock=True) if as_of else None,
            tag('span', 'banner-reason', reason),
        )
        self.set_visibility(True)

    def clear_error(self) -> None:
        self.set_visibility(False)
