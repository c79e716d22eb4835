from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from components.button import Button
from components.element_state import set_prop
from components.keyed_rows import KeyedRows, Row
from components.light_element import LightElement
from components.panel import Panel
from components.text import Text
from components.time_ago import TimeAgo

NAMELESS = 'A browser'


@dataclass(frozen=True, kw_only=True)
class SessionItem:
    """One browser as the list shows it."""

    key: str
    browser: str
    """Empty where it is not known."""
    signed_in_at: str
    last_seen_at: str
    """Empty where it is not known, or goes without saying."""
    is_this: bool


class SessionRow(Row[SessionItem], default_classes='session-row'):
    def __init__(self, on_end: Callable[[str], Any]) -> None:
        super().__init__('li')
        self._on_end = on_end
        self._item: SessionItem | None = None
        with self:
            with LightElement('div', 'session-words'):
                self._name = Text('span').classes('session-name')
                with LightElement('span', 'quiet session-time'):
                    Text('span', 'Signed in ')
                    self._time = TimeAgo()
                    self._seen = LightElement('span').mark('last-seen')
                    with self._seen:
                        Text('span', ' · Last seen ')
                        self._seen_at = TimeAgo()
            self._this = Text('span', 'This browser').classes('session-this')
            self._end = Button('Sign out', self._ask, kind='quiet').mark('end-session')

    def show(self, item: SessionItem) -> None:
        self._item = item
        self._name.set_text(item.browser or NAMELESS)
        self._time.show(item.signed_in_at)
        self._seen_at.show(item.last_seen_at or None)
        self._seen.set_visibility(bool(item.last_seen_at))
        self._this.set_visibility(item.is_this)
        self._end.set_visibility(not item.is_this)
        set_prop(self._end, 'aria-label', f'Sign out {item.browser or NAMELESS}')

    def _ask(self) -> Any:
        return self._on_end(self._item.key) if self._item else None


class SessionList(Panel):
    """Where a person is signed in, this browser among them, and the way to end the others."""

    def __init__(self, *, on_end: Callable[[str], Any], on_end_others: Callable[[], Any]) -> None:
        """:param on_end: told the key of the one to end."""
        super().__init__('Where you are signed in', name='sessions')
        self._heading.props('tabindex=-1')
        self.show_note('Sign out what you do not know, or do not use any more. Its open pages close within seconds.')
        with self, LightElement('div', 'setting-body'):
            self._problem = Text('p').classes('session-problem').props('role=status').mark('sessions-problem')
            self._rows = KeyedRows('ul', lambda: SessionRow(on_end), lambda item: item.key)
            self._rows.classes('session-rows').props('role=list').mark('session-rows')
            with LightElement('div', 'setting-actions'):
                self._others = Button('Sign out everywhere else', on_end_others).mark('end-others')
                self._message = Text('p').classes('setting-message').props('role=status').mark('message-sessions')

    def show(self, items: Sequence[SessionItem]) -> None:
        self.show_problem('')
        self._rows.show(items)
        self._others.set_visibility(any(not item.is_this for item in items))

    def show_problem(self, message: str) -> None:
        """Why the list may be an old one."""
        self._problem.set_text(message)

    def say(self, message: str) -> None:
        """What came of what was done."""
        self._message.set_text(message)

    def focus_heading(self) -> None:
        """Where the focus goes when the button that had it is gone."""
        self._heading.run_method('focus')
