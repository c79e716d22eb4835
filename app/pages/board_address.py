"""The address in the browser's bar: it follows the view, and the view follows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from nicegui import Client, ui
from nicegui.events import GenericEventArguments

LONGEST = 4_000
"""Characters of an address that are looked at."""


class BoardAddress:
    """One tab's."""

    def __init__(self, client: Client, present: str, *, on_leave: Callable[[Mapping[str, str]], str]) -> None:
        """
        :param present: the address of what is shown at first.
        :param on_leave: told the parameters of the address the browser went to by its buttons; gives the address of
            what is shown then.
        """
        self.present = present
        self._client = client
        self._on_leave = on_leave
        self._typed = ''
        ui.on('churnboard:address', self._went)

    def show(self, address: str, *, typed: str = '', correct: bool = False) -> None:
        """Say where the view is now.

        :param typed: the field whose typing changed it: what is typed on into one field is one step back, not many.
        :param correct: whether nobody went there: the address named something that is not, or no longer, there.
        """
        step = 'replaceState' if correct or (typed and typed == self._typed) else 'pushState'
        self._typed, self.present = typed, address
        self._client.run_javascript(f'history.{step}(null, "", {json.dumps(self.present)})')

    def _went(self, event: GenericEventArguments) -> None:
        """The browser says where it is; it may say anything."""
        if isinstance(event.args, str) and len(event.args) <= LONGEST:
            self._typed = ''
            self.present = self._on_leave(dict(parse_qsl(event.args.removeprefix('?'))))
