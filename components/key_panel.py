from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.key_form import KeyForm
from components.key_list import KeyItem, KeyList
from components.light_element import LightElement
from components.new_key import NewKey
from components.panel import Panel
from components.status_line import StatusLine
from components.text import Text


class KeyPanel(Panel):
    """A person's API keys: a form for a new one, which gives way to its text until that is put away, and the list."""

    def __init__(
        self, scopes: Mapping[str, str], *, on_make: Callable[[object], Any], on_revoke: Callable[[int], Any]
    ) -> None:
        """As :class:`KeyForm` and :class:`KeyList`."""
        super().__init__('API keys', name='keys')
        self._heading.props('tabindex=-1 data-home-focus')  # where the focus goes when what had it is gone
        self._scopes = scopes
        self._on_make = on_make
        with self, LightElement('div', 'key-body') as self.body:
            self._status = StatusLine()
            self._place = LightElement('div', 'key-place')
            self._problem = Text('p').classes('keys-problem').props('role=status').mark('keys-problem')
            self._list = KeyList(on_revoke=on_revoke)
        self.show_form()

    def show_form(self) -> None:
        """Let another key be made; the text of the last one leaves the page."""
        self._place.clear()
        with self._place:
            self.form = KeyForm(self._scopes, on_make=self._on_make)

    def clear_error(self) -> None:
        """What was wrong may be no longer, since another key was revoked."""
        if not self.form.is_deleted:
            self.form.show_error('')

    def show_new(self, name: str, text: str, *, power: str) -> None:
        """As :class:`NewKey`."""
        self._place.clear()
        with self._place:
            NewKey(name, text, power=power, on_done=self.show_form)

    def show_keys(self, items: Sequence[KeyItem], *, note: str) -> None:
        self._list.show(items)
        self.show_note(note)
        self.show_problem('')

    def show_problem(self, message: str) -> None:
        """Why the list may be an old one."""
        self._problem.set_text(message)

    def tell(self, text: str) -> None:
        """Show and announce what was done."""
        self._status.note(text)
