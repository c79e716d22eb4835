from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from components.button import button
from components.markup import Markup, Node, tag
from components.menu import menu
from components.name_form import NameForm

NONE = 'Set the filters, then keep them here under a name.'
OPENED = "({target}) => target.matches('details') && target.open && emit()"
SAVE = NameForm(entry='view', label='Save the present filters as', action='Save', placeholder='Name')
RENAME = NameForm(entry='rename', label='Name', action='Rename')

FormName = Literal['view', 'rename']
"""The form that saves a view, and the one that renames one."""


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
    """What can be done with views; one is opened by its link, which assets/view.js follows."""

    load: Callable[[], Any]
    """Called each time the menu is opened."""
    save: Callable[[object], Any]
    """Told the name as the browser says it: it may be anything."""
    rename: Callable[[int, object], Any]
    replace: Callable[[int], Any]
    delete: Callable[[int], Any]


@dataclass(frozen=True, kw_only=True)
class FormError:
    form: FormName
    message: str
    on_field: bool
    """Whether it is the name that is wrong."""


class ViewMenu(Markup):
    """The saved views, and the form to save another one. They are asked for when the menu is opened."""

    def __init__(self, actions: ViewActions) -> None:
        self._items: Sequence[ViewItem] | None = None
        self._expanded: int | None = None
        self._present = ''
        self._problem = ''
        self._error: FormError | None = None
        super().__init__(
            self._menu(),
            actions={
                'more-view': lambda item: self._toggle(int(item)),
                'replace-view': lambda item: actions.replace(int(item)),
                'delete-view': lambda item: actions.delete(int(item)),
            },
            entries={
                'view': lambda _item, typed: actions.save(_name(typed)),
                'rename': lambda item, typed: actions.rename(int(item), _name(typed)),
            },
        )
        self.mark('views').on('toggle', actions.load, args=[], js_handler=OPENED)

    def show(self, items: Sequence[ViewItem]) -> None:
        self._items, self._problem = items, ''
        if self._expanded not in [item.id for item in items]:
            self._expanded = None
        self.draw(self._menu())

    def show_present(self, words: str) -> None:
        """:param words: the filters that would be saved."""
        self._present = words
        self.draw(self._menu())

    def show_problem(self, message: str) -> None:
        """Why the list may be an old one, or what was asked for was not done."""
        self._problem = message
        self.draw(self._menu())

    def show_error(self, message: str, *, form: FormName, on_field: bool) -> None:
        """Why what was sent is not kept; what was typed is still there.

        :param on_field: whether it is the name that is wrong.
        """
        if form == 'rename' and self._expanded is None:
            self.show_problem(message)
            return
        self._error = FormError(form=form, message=message, on_field=on_field)
        self.draw(self._menu())

    def finish(self) -> None:
        """Fold the menu up, and the form of a view that was open in it."""
        self._expanded, self._error = None, None
        self.draw(self._menu())
        self.run_method('fold')

    def focus(self) -> None:
        """What unfolds it gets the focus."""
        self.focus_on('summary')

    def _toggle(self, view_id: int) -> None:
        self._expanded = None if self._expanded == view_id else view_id
        if self._error and self._error.form == 'rename':
            self._error = None
        self.draw(self._menu())

    def _menu(self) -> Node:
        return menu(
            'Views',
            tag('p', 'field-error', self._problem, role='status'),
            tag('p', 'menu-caption view-none', NONE) if self._items is not None and not self._items else None,
            tag(
                'ul',
                'view-rows',
                *map(self._row, self._items or ()),
                role='list',
                aria_label='Saved views',
                key='rows',
            ),
            SAVE.draw(error=self._why('view'), wrong=self._is_wrong('view')),
            tag('p', 'view-about view-present', self._present),
            classes='views',
        )

    def _row(self, item: ViewItem) -> Node:
        expanded = item.id == self._expanded
        link = tag(
            'a',
            'menu-item view-link',
            tag('span', 'view-name', item.name),
            tag('span', 'view-about', item.about),
            href=item.href or None,
            data_view='' if item.href else None,
            aria_current='true' if item.current else None,
        )
        more = button(
            '⋯',
            'more-view',
            str(item.id),
            kind='quiet',
            classes='view-more',
            aria_label=f'Rename, replace or delete “{item.name}”',
            aria_expanded='true' if expanded else 'false',
        )
        return tag('li', 'view', link, more, self._edit(item) if expanded else None, key=str(item.id))

    def _edit(self, item: ViewItem) -> Node:
        error, wrong = self._why('rename'), self._is_wrong('rename')
        return tag(
            'div',
            'view-edit',
            RENAME.draw(item=str(item.id), begins=item.name, error=error, wrong=wrong, focus=True),
            tag(
                'div',
                'view-actions',
                button('Replace with the present filters', 'replace-view', str(item.id)),
                button('Delete', 'delete-view', str(item.id)),
            ),
        )

    def _why(self, form: FormName) -> str:
        return self._error.message if self._error and self._error.form == form else ''

    def _is_wrong(self, form: FormName) -> bool:
        return bool(self._error and self._error.form == form and self._error.on_field)


def _name(typed: object) -> object:
    return typed.get('name') if isinstance(typed, Mapping) else None
