from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.button import button
from components.markup import Markup, Node, tag

SECONDS = 12


@dataclass(frozen=True, kw_only=True)
class Note:
    """What is shown for the eye."""

    text: str = ''
    failed: bool = False
    undo: Callable[[], Any] | None = None


class StatusLine(Markup):
    """The page's one polite announcement, and a note for the eye where what it says stands nowhere else."""

    def __init__(self) -> None:
        self._note = Note()
        super().__init__(
            _line('', self._note),
            actions={'undo': lambda _item: self._undone(), 'dismiss-note': lambda _item: self.note('')},
        )

    def say(self, text: str) -> None:
        """Announce what is to be seen elsewhere on the page."""
        self.draw(_line(text, self._note))

    def note(self, text: str, *, failed: bool = False, undo: Callable[[], Any] | None = None) -> None:
        """Announce and show something, for as long as it takes to read; what was shown before goes.

        :param failed: keep it until it is dismissed.
        :param undo: takes back what was done. It is offered until the note is dismissed or another one comes: nobody
            has to be quick.
        """
        self._note = Note(text=text, failed=failed, undo=undo)
        self.say(text)
        if text and not failed and not undo:
            with self:
                ui.timer(SECONDS, lambda: self._forget(text), once=True)

    def focus_undo(self) -> None:
        """Where the focus goes when what had it is gone by what was done."""
        self.focus_on('.status-note button')

    def _undone(self) -> Any:
        undo, self._note = self._note.undo, Note(text=self._note.text, failed=self._note.failed)
        return undo() if undo else None

    def _forget(self, text: str) -> None:
        if self._note.text == text:
            self.note('')


def _line(spoken: str, note: Note) -> Node:
    kind = 'status-note failed' if note.failed else 'status-note'
    return tag(
        'div',
        'status-line',
        tag('p', 'sr-only', spoken, role='status'),
        tag(
            'div',
            kind if note.text else f'{kind} hidden',
            tag('p', 'status-text', note.text),
            button('Undo', 'undo', key='undo') if note.undo else None,
            button('Dismiss', 'dismiss-note', kind='quiet', key='dismiss'),
        ),
    )
