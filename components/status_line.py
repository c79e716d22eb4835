from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from components.button import Button
from components.element_state import set_class
from components.text import Text

SECONDS = 12


class StatusLine(ui.element):
    """The page's one polite announcement, and a note for the eye where what it says stands nowhere else."""

    def __init__(self) -> None:
        super().__init__('div')
        with self:
            self._spoken = Text('p').classes('sr-only').props('role=status').mark('status')
            self._note = ui.element('div').classes('status-note').mark('note')
            with self._note:
                self._words = Text('p').classes('status-text')
                self._undo = Button('Undo', self._undone).mark('undo')
                Button('Dismiss', lambda: self.note(''), kind='quiet').mark('dismiss-note')
        self._on_undo: Callable[[], Any] | None = None
        self.note('')

    def say(self, text: str) -> None:
        """Announce what is to be seen elsewhere on the page."""
        self._spoken.set_text(text)

    def note(self, text: str, *, failed: bool = False, undo: Callable[[], Any] | None = None) -> None:
        """Announce and show something, for as long as it takes to read; what was shown before goes.

        :param failed: keep it until it is dismissed.
        :param undo: takes back what was done. It is offered until the note is dismissed or another one comes: nobody
            has to be quick.
        """
        self.say(text)
        self._words.set_text(text)
        self._on_undo = undo
        self._undo.set_visibility(undo is not None)
        self._note.set_visibility(bool(text))
        set_class(self._note, 'failed', on=failed)
        if text and not failed and not undo:
            with self:
                ui.timer(SECONDS, lambda: self._forget(text), once=True)

    def focus_undo(self) -> None:
        """Where the focus goes when what had it is gone by what was done."""
        self._undo.run_method('focus')

    def _undone(self) -> Any:
        undo, self._on_undo = self._on_undo, None
        return undo() if undo else None

    def _forget(self, text: str) -> None:
        if self._words.text == text:
            self.note('')
