from __future__ import annotations

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
                Button('Dismiss', lambda: self.note(''), kind='quiet')
        self.note('')

    def say(self, text: str) -> None:
        """Announce what is to be seen elsewhere on the page."""
        self._spoken.set_text(text)

    def note(self, text: str, *, failed: bool = False) -> None:
        """Announce and show something, for as long as it takes to read.

        :param failed: keep it until it is dismissed.
        """
        self.say(text)
        self._words.set_text(text)
        self._note.set_visibility(bool(text))
        set_class(self._note, 'failed', on=failed)
        if text and not failed:
            with self:
                ui.timer(SECONDS, lambda: self._forget(text), once=True)

    def _forget(self, text: str) -> None:
        if self._words.text == text:
            self.note('')
