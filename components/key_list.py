from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.button import Button
from components.element_state import set_class, set_prop
from components.keyed_rows import KeyedRows, Row
from components.light_element import LightElement
from components.text import Text
from components.time_ago import TimeAgo

SHOWN = 10
COLUMNS = ('Key', 'Opens', 'Made', 'Last used')
NONE = (
    'No keys yet. A key lets a program in without a password, and for longer than a token: a script that sends scores '
    'every night, a screen that shows the numbers for months. Each opens only what it was made for, and ends when you '
    'revoke it.'
)


@dataclass(frozen=True, kw_only=True)
class KeyItem:
    """One API key as the list shows it."""

    id: int
    name: str
    opens: str
    made_at: str
    used_at: str | None
    """``None``: never."""
    revoked: bool


class KeyRow(Row[KeyItem], default_classes='row', default_props='role=row'):
    def __init__(self, on_revoke: Callable[[int], Any]) -> None:
        super().__init__('div')
        self._on_revoke = on_revoke
        self._item: KeyItem | None = None
        with self:
            self._name = Text('span').classes('cell-name').props('role=rowheader')
            self._opens = Text('span').classes('cell-opens').props('role=cell')
            with _cell('made'):
                self._made = TimeAgo()
            with _cell('used'):
                self._used = TimeAgo()
                self._never = Text('span', 'never')
            with _cell('end'):
                self._revoke = Button('Revoke', self._ask, kind='quiet').mark('revoke')
                self._revoked = Text('span', 'Revoked').classes('revoked-mark')

    def show(self, item: KeyItem) -> None:
        self._item = item
        self._name.set_text(item.name)
        self._opens.set_text(item.opens)
        self._made.show(item.made_at)
        self._used.show(item.used_at)
        self._used.set_visibility(item.used_at is not None)
        self._never.set_visibility(item.used_at is None)
        set_prop(self._revoke, 'aria-label', f'Revoke {item.name}')
        self._revoke.set_visibility(not item.revoked)
        self._revoked.set_visibility(item.revoked)
        set_class(self, 'revoked', on=item.revoked)

    def _ask(self) -> Any:
        return self._on_revoke(self._item.id) if self._item else None


class KeyList(LightElement):
    """API keys in the order they are given, each with its end; what they are for, where there is none."""

    def __init__(self, *, on_revoke: Callable[[int], Any]) -> None:
        super().__init__('div')
        self._items: Sequence[KeyItem] = ()
        self._shown = SHOWN
        with self:
            self._none = Text('p', NONE).classes('quiet').mark('no-keys')
            self._table = LightElement('div', 'table keys loading').props('role=table aria-label="API keys"')
            with self._table:
                with _part('table-head', 'rowgroup'), _part('row', 'row'):
                    for column in COLUMNS:
                        Text('span', column).props('role=columnheader')
                    with LightElement('span').props('role=columnheader'):
                        Text('span', 'Revoke').classes('sr-only')
                self._rows = KeyedRows('div', lambda: KeyRow(on_revoke), lambda item: str(item.id))
                self._rows.classes('rows').props('role=rowgroup').mark('key-rows')
            self._more = Button('Show all', self._show_all).classes('keys-more').mark('more-keys')
        self._none.set_visibility(False)
        self._more.set_visibility(False)

    def show(self, items: Sequence[KeyItem]) -> None:
        self._items = items
        set_class(self._table, 'loading', on=False)
        self._none.set_visibility(not items)
        self._table.set_visibility(bool(items))
        self._rows.show(items[: self._shown])
        self._more.set_text(f'Show all {len(items)}')
        self._more.set_visibility(len(items) > self._shown)

    def _show_all(self) -> None:
        self._shown = max(len(self._items), SHOWN)
        self.show(self._items)


def _cell(name: str) -> ui.element:
    return LightElement('span', f'cell-{name}').props('role=cell')


def _part(classes: str, role: str) -> ui.element:
    return LightElement('div', classes).props(f'role={role}')
