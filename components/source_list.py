from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.button import Button
from components.element_state import replace_class, set_class, set_prop
from components.formats import count, plural
from components.keyed_rows import KeyedRows, Row
from components.light_element import LightElement
from components.panel import Panel
from components.text import Text
from components.time_ago import TimeAgo

SHOWN = 50
COLUMNS = ('Source', 'Kind', 'When', 'Rows', 'Corrected', 'Duplicates', 'Rejected')
KINDS = {'file': 'File', 'api': 'API', 'sample': 'Sample'}


@dataclass(frozen=True, kw_only=True)
class SourceItem:
    """One source of predictions as the list shows it."""

    id: int
    kind: str
    """file, api or sample."""
    name: str
    taken_at: str
    rows: int
    corrected: int
    duplicates: int
    rejected: int
    removing: bool = False
    """It is being taken out at the moment."""


class SourceRow(Row[SourceItem], default_classes='row', default_props='role=row'):
    def __init__(self, on_undo: Callable[[int], Any]) -> None:
        super().__init__('div')
        self._on_undo = on_undo
        self._item: SourceItem | None = None
        self._kind_class = ''
        with self:
            self._name = Text('span').classes('cell-name').props('role=rowheader')
            with _cell('kind'):
                self._kind = Text('span').classes('kind')
            with _cell('when'):
                self._time = TimeAgo()
            self._counts = [
                Text('span').classes(f'cell-count cell-{name}').props('role=cell')
                for name in ('rows', 'corrected', 'duplicates', 'rejected')
            ]
            with _cell('undo'):
                self._undo = Button('Undo', self._ask, kind='quiet').classes('undo').mark('undo')

    def show(self, item: SourceItem) -> None:
        self._item = item
        self._name.set_text(item.name)
        self._kind.set_text(KINDS[item.kind])
        replace_class(self._kind, self._kind_class, f'kind-{item.kind}')
        self._kind_class = f'kind-{item.kind}'
        self._time.show(item.taken_at)
        for cell, number in zip(self._counts, (item.rows, item.corrected, item.duplicates, item.rejected), strict=True):
            cell.set_text(count(number))
            set_class(cell, 'zero', on=number == 0)
        self._undo.set_text('Removing…' if item.removing else 'Undo')
        set_prop(self._undo, 'aria-label', None if item.removing else f'Undo {item.name}')
        set_prop(self._undo, 'aria-disabled', 'true' if item.removing else None)

    def _ask(self) -> Any:
        if self._item and not self._item.removing:
            return self._on_undo(self._item.id)
        return None


class SourceList(Panel):
    """Everything that brought predictions, newest first, each with its way out."""

    def __init__(self, *, on_undo: Callable[[int], Any]) -> None:
        super().__init__('Where your predictions come from', name='sources')
        self.props('data-home').mark('sources')
        self._heading.props('tabindex=-1 data-home-focus')  # where the focus goes when what had it is gone
        self._items: Sequence[SourceItem] = ()
        self._shown = SHOWN
        with self:
            self._none = Text('p', 'Nothing has come in yet. Your first file will stand here, and can be undone here.')
            self._none.classes('quiet').mark('no-sources').set_visibility(False)
            self._table = LightElement('div', 'table sources loading').props('role=table')
            with self._table:
                with _part('table-head', 'rowgroup'), _part('row', 'row'):
                    for column in COLUMNS:
                        Text('span', column).props('role=columnheader')
                    with LightElement('span').props('role=columnheader'):
                        Text('span', 'Undo').classes('sr-only')
                self._rows = KeyedRows('div', lambda: SourceRow(on_undo), lambda item: str(item.id))
                self._rows.classes('rows').props('role=rowgroup').mark('source-rows')
            self._more = Button('Show older ones', self._show_more).mark('more-sources')
        self._table.props['aria-label'] = 'Sources of predictions'
        self._more.set_visibility(False)

    def show(self, items: Sequence[SourceItem]) -> None:
        self._items = items
        set_class(self._table, 'loading', on=False)
        self._none.set_visibility(not items)
        self._table.set_visibility(bool(items))
        self._rows.show(items[: self._shown])
        self._more.set_visibility(len(items) > self._shown)
        sources = plural(len(items), 'source', 'sources')
        if len(items) > self._shown:
            self.show_note(f'The newest {self._shown} of {sources}')
        else:
            self.show_note(f'{sources}, newest first' if len(items) > 1 else '')

    def _show_more(self) -> None:
        self._shown += SHOWN
        self.show(self._items)


def _cell(name: str) -> ui.element:
    return LightElement('span', f'cell-{name}').props('role=cell')


def _part(classes: str, role: str) -> ui.element:
    return LightElement('div', classes).props(f'role={role}')
