from __future__ import annotations

from typing import Self

from nicegui import ui

from components.text import Text


class Menu(ui.element, default_classes='menu'):
    """A native disclosure: works by keyboard and while the server is away.

    assets/live.js closes it on Esc and on a click outside.
    """

    def __init__(self, label: str, *, kind: str = 'button') -> None:
        """:param kind: the class of what is clicked."""
        super().__init__('details')
        with self.default_slot:
            self.summary = Text('summary', label).classes(kind)
            self._panel = ui.element('div').classes('menu-panel')

    def __enter__(self) -> Self:
        self._panel.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._panel.__exit__(*exception)
