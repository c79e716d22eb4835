from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.button import Button
from components.element_state import set_prop
from components.formats import plural
from components.keyed_rows import KeyedRows, Row
from components.light_element import LightElement
from components.panel import Panel
from components.text import Text
from components.text_form import TextField, TextForm
from components.time_ago import TimeAgo

SHOWN = 20
PLACEHOLDER = 'What was said, agreed or found out'


@dataclass(frozen=True, kw_only=True)
class NoteItem:
    """A note as the list shows it."""

    id: str
    text: str
    written_at: str
    edited_at: str | None


@dataclass(frozen=True, kw_only=True)
class NoteActions:
    """What can be done with notes."""

    add: Callable[[TextForm, object], Any]
    """Told the form, and its text as the browser says it."""
    edit: Callable[[str, TextForm, object], Any]
    """Told the note's id as well."""
    ask_deletion: Callable[[NoteItem], Any]


class NoteRow(Row[NoteItem], default_classes='note', default_props='data-home'):
    """A note, or the form to edit it: which nothing but its own buttons closes."""

    def __init__(self, actions: NoteActions) -> None:
        super().__init__('li')
        self._actions = actions
        self.item: NoteItem | None = None
        self.editor: TextForm | None = None
        with self:
            self._words = Text('p').classes('note-text')
            self._place = LightElement('div')
            with LightElement('div', 'note-foot') as self._foot:
                self._time = TimeAgo()
                self._edited = Text('span', 'edited').classes('note-edited')
                self._edit = Button('Edit', self._open, kind='quiet').props('data-home-focus').mark('edit-note')
                self._delete = Button('Delete', self._ask_deletion, kind='quiet').mark('delete-note')

    def show(self, item: NoteItem) -> None:
        self.item = item
        self._words.set_text(item.text)
        self._time.show(item.written_at)
        self._edited.set_visibility(item.edited_at is not None)
        start = ' '.join(item.text.split())[:40]
        set_prop(self._edit, 'aria-label', f'Edit the note “{start}”')
        set_prop(self._delete, 'aria-label', f'Delete the note “{start}”')

    def close(self) -> None:
        """Put the form away, and what is typed in it."""
        self.editor = None
        self._place.clear()
        self._words.set_visibility(True)
        self._foot.set_visibility(True)

    def _open(self) -> None:
        if self.item is None or self.editor is not None:
            return
        note = self.item
        field = TextField(name='text', label='Edit the note', value=note.text, rows=4)
        self._words.set_visibility(False)
        self._foot.set_visibility(False)

        def send(typed: Mapping[str, object]) -> Any:
            assert self.editor is not None
            return self._actions.edit(note.id, self.editor, typed.get('text'))

        with self._place:
            self.editor = TextForm(field, action='Save', on_send=send, on_cancel=self.close, name='edit', focus=True)

    def _ask_deletion(self) -> Any:
        return self._actions.ask_deletion(self.item) if self.item else None


class Notes(Panel):
    """What people wrote about the customer, newest first, above them a form for another one."""

    def __init__(self, actions: NoteActions) -> None:
        super().__init__('Notes', name='notes')
        self.props('data-home')
        self._actions = actions
        self._items: Sequence[NoteItem] = ()
        self._shown = SHOWN
        field = TextField(name='text', label='New note', props=f'placeholder="{PLACEHOLDER}" data-home-focus', rows=3)
        with self:
            self.form = TextForm(field, action='Add note', on_send=self._send, name='add')
            self._rows = KeyedRows('ul', lambda: NoteRow(actions), lambda item: item.id)
            self._rows.classes('note-rows').props('role=list').mark('note-rows')
            self._more = Button('Show older ones', self._show_more).mark('more-notes')

    def show(self, items: Sequence[NoteItem], *, may_add: bool = True) -> None:
        """:param may_add: whether there is somebody to write about."""
        self._items = items
        self.form.set_visibility(may_add)
        shown = list(items[: self._shown])
        there = {item.id for item in shown}
        # whoever edits a note that was deleted elsewhere keeps what they have typed
        shown += [row.item for row in self._editing() if row.item and row.item.id not in there]
        self._rows.show(shown)
        self._more.set_visibility(len(items) > self._shown)
        self.show_note(plural(len(items), 'note', 'notes') if items else 'None yet')

    def close_editor(self, note_id: str) -> None:
        for row in self._editing():
            if row.item and row.item.id == note_id:
                row.close()

    def _editing(self) -> list[NoteRow]:
        rows = self._rows.default_slot.children
        return [row for row in rows if isinstance(row, NoteRow) and row.editor is not None]

    def _send(self, typed: Mapping[str, object]) -> Any:
        return self._actions.add(self.form, typed.get('text'))

    def _show_more(self) -> None:
        self._shown += SHOWN
        self.show(self._items)
