from __future__ import annotations

from nicegui import ui

from components.text import Text


class InfoTip(ui.element, default_classes='tip'):
    """A small (i) that explains a number, on hover, on focus and on touch."""

    def __init__(self, subject: str, explanation: str) -> None:
        super().__init__('span')
        with self:
            button = Text('button', 'i').classes('tip-button').props('type=button')
            body = Text('span', explanation).classes('tip-body').props('role=tooltip')
        button.props['aria-label'] = f'About {subject}'
        button.props['aria-describedby'] = body.html_id
