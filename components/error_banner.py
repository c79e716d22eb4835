from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from components.banner import Banner
from components.text import Text
from components.time_ago import TimeAgo


class ErrorBanner(Banner):
    """Says that the numbers are older than they should be, of when they are, and lets people try again."""

    def __init__(self, on_retry: Callable[[], Any]) -> None:
        super().__init__('Not up to date', action='Retry', on_action=on_retry, kind='error')
        self.props('role=status')
        with self.body:
            self._sentence = Text('span')
            self._time = TimeAgo(clock=True)
            self._reason = Text('span').classes('banner-reason')
        self.mark('error-banner').set_visibility(False)

    def show(self, reason: str, *, as_of: datetime | None) -> None:
        known = 'The numbers could not be refreshed, showing those of '
        self.label.set_text('Not up to date' if as_of else 'No numbers yet')
        self._sentence.set_text(known if as_of else 'The numbers could not be read.')
        self._time.show(as_of.isoformat(timespec='milliseconds') if as_of else None)
        self._time.set_visibility(as_of is not None)
        self._reason.set_text(reason)
        self.set_visibility(True)

    def clear_error(self) -> None:
        self.set_visibility(False)
