from __future__ import annotations

from nicegui import ui

from components.data_age import DataAge
from components.text import Text


class Panel(ui.element, default_classes='panel'):
    """A titled part of the board."""

    def __init__(self, title: str, *, name: str) -> None:
        """:param name: the part's class, which places it in the grid."""
        super().__init__('section')
        self.classes(f'panel-{name}')
        with self, ui.element('div').classes('panel-head'):
            self._heading = Text('h2', title).classes('panel-title')
            self._note = Text('p').classes('panel-note').mark(f'panel-note-{name}')
            DataAge('page')
        self.props['aria-labelledby'] = self._heading.html_id

    def show_note(self, note: str) -> None:
        self._note.set_text(note)
