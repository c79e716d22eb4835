from __future__ import annotations

from components.data_age import DataAge, data_age
from components.light_element import LightElement
from components.markup import Child, Node, tag
from components.text import Text


class Panel(LightElement, default_classes='panel'):
    """A titled part of the board."""

    def __init__(self, title: str, *, name: str) -> None:
        """:param name: the part's class, which places it in the grid."""
        super().__init__('section')
        self.classes(f'panel-{name}')
        with self, LightElement('div', 'panel-head'):
            self._heading = Text('h2', title).classes('panel-title')
            self._note = Text('p').classes('panel-note').mark(f'panel-note-{name}')
            DataAge('page')
        self.props['aria-labelledby'] = self._heading.html_id

    def show_note(self, note: str) -> None:
        self._note.set_text(note)


def panel(title: str, *children: Child, name: str, note: str) -> Node:
    """The same in a markup; :param name: is there once on a page."""
    heading = f'{name}-title'
    return tag(
        'section',
        f'panel panel-{name}',
        tag(
            'div',
            'panel-head',
            tag('h2', 'panel-title', title, id=heading, tabindex='-1'),
            tag('p', 'panel-note', note),
            data_age('page'),
        ),
        *children,
        aria_labelledby=heading,
    )
