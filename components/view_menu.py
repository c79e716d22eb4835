from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.button import Button
from components.element_state import set_prop
from components.keyed_rows import KeyedRows, Row
from components.menu import Menu
from components.text import Text
from components.text_form import TextField, TextForm

NONE = 'Set the filters, then keep them here under a name.'
OPENED = "({target}) => target.matches('details') && target.open && emit()"
FOLLOWED = """(event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // a tab of its own
  event.preventDefault();
  emit();
}"""


@dataclass(frozen=True, kw_only=True)
class ViewItem:
    """A saved view as the menu shows it."""

    id: int
    name: str
    about: str
    """Its filters in words."""
    href: str
    """Where the board shows it; empty: it cannot be shown."""
    current: bool
    """Whether its filters are in force."""


@dataclass(frozen=True, kw_only=True)
class ViewActions:
    """What can be done with views."""

    load: Callable[[], Any]
    """Called each time the menu is opened."""
    open: Callable[[int], Any]
    save: Callable[[TextForm, object], Any]
    """Told the form, and the name as the browser says it."""
    rename: Callable[[int, TextForm, object], Any]
    replace: Callable[[int], Any]
    delete: Callable[[int], Any]


class ViewRow(Row[ViewItem], default_classes='view'):
    """One view, and what else can be done with it: built when it is asked for."""

    def __init__(self, actions: ViewActions, on_more: Callable[[ViewRow], None]) -> None:
        super().__init__('li')
        self._actions = actions
        self.item: ViewItem | None = None
        with self:
            self._link = ui.element('a').classes('menu-item view-link').on('click', self._open, js_handler=FOLLOWED)
            with self._link:
                self._name = Text('span').classes('view-name')
                self._about = Text('span').classes('view-about')
            self._more = Button('⋯', lambda: on_more(self), kind='quiet').classes('view-more').mark('view-more')
            self._place = ui.element('div').classes('view-edit')
        self.close()

    def show(self, item: ViewItem) -> None:
        if self.item is not None and self.item.id != item.id:
            self.close()
        self.item = item
        self._name.set_text(item.name)
        self._about.set_text(item.about)
        set_prop(self._link, 'href', item.href or None)
        set_prop(self._link, 'aria-current', 'true' if item.current else None)
        set_prop(self._more, 'aria-label', f'Rename, replace or delete “{item.name}”')
        self.mark(f'view-{item.id}')

    def expand(self) -> None:
        """Offer what can be done with the view."""
        if self.item is None:
            return
        view = self.item
        set_prop(self._more, 'aria-expanded', 'true')
        field = TextField(name='name', label='Name', value=view.name, props='maxlength=60 data-take-focus')

        def send(typed: Mapping[str, object]) -> Any:
            return self._actions.rename(view.id, form, typed.get('name'))

        with self._place:
            form = TextForm(field, action='Rename', on_send=send, name='rename')
            with ui.element('div').classes('view-actions'):
                Button('Replace with the present filters', lambda: self._actions.replace(view.id)).mark('replace-view')
                Button('Delete', lambda: self._actions.delete(view.id)).mark('delete-view')

    def close(self) -> None:
        set_prop(self._more, 'aria-expanded', 'false')
        self._place.clear()

    @property
    def is_expanded(self) -> bool:
        return bool(self._place.default_slot.children)

    def _open(self) -> Any:
        return self._actions.open(self.item.id) if self.item and self.item.href else None


class ViewMenu(Menu):
    """The saved views, and the form to save another one. They are asked for when the menu is opened."""

    def __init__(self, actions: ViewActions) -> None:
        super().__init__('Views')
        self.classes('views').mark('views')
        self.summary.mark('views-summary')
        self.on('toggle', actions.load, args=[], js_handler=OPENED)
        with self:
            self._problem = Text('p').classes('field-error').props('role=status').mark('views-problem')
            self._none = Text('p', NONE).classes('menu-caption view-none').mark('no-views')
            self._rows = KeyedRows('ul', lambda: ViewRow(actions, self._toggle), lambda item: str(item.id))
            self._rows.classes('view-rows').props('role=list aria-label="Saved views"').mark('view-rows')
            field = TextField(name='name', label='Save the present filters as', props='maxlength=60 placeholder=Name')
            self._form = TextForm(field, action='Save', on_send=self._send, name='view')
            self._present = Text('p').classes('view-about').mark('view-present')
        self._none.set_visibility(False)
        self._actions = actions

    def show(self, items: Sequence[ViewItem]) -> None:
        self.show_problem('')
        self._none.set_visibility(not items)
        self._rows.show(items)

    def show_present(self, words: str) -> None:
        """:param words: the filters that would be saved."""
        self._present.set_text(words)

    def show_problem(self, message: str) -> None:
        """Why the list may be an old one, or what was asked for was not done."""
        self._problem.set_text(message)

    def finish(self) -> None:
        """Fold the menu up, and the form of a view that was open in it."""
        for row in self._view_rows():
            row.close()
        self._form.show_error('')
        self._form.run_method('reset')
        self.run_method('removeAttribute', 'open')

    def focus(self) -> None:
        """What unfolds it gets the focus."""
        self.summary.run_method('focus')

    def _toggle(self, row: ViewRow) -> None:
        expand = not row.is_expanded
        for other in self._view_rows():
            other.close()
        if expand:
            row.expand()

    def _view_rows(self) -> list[ViewRow]:
        return [row for row in self._rows.default_slot.children if isinstance(row, ViewRow)]

    def _send(self, typed: Mapping[str, object]) -> Any:
        return self._actions.save(self._form, typed.get('name'))
