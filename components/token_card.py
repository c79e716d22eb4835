from __future__ import annotations

from nicegui import ui

from components.panel import Panel
from components.text import Text


class TokenCard(Panel):
    """Where this server is reached, and a token for it.

    assets/connect.js draws the token: it is fetched by the browser when somebody asks for it, and never comes by here.
    """

    def __init__(self, origin: str) -> None:
        super().__init__('Address and token', name='token')
        with self, ui.element('dl').classes('access'):
            Text('dt', 'Address')
            with ui.element('dd').classes('access-row'):
                Text('code', origin).classes('access-value').mark('origin').props('data-origin')
                copy = Text('button', 'Copy').classes('button').props('type=button data-copy-origin')
                copy.props['aria-label'] = 'Copy the address'
            Text('dt', 'Token')
            with ui.element('dd'):
                ui.element('div').classes('token').props('data-token-card data-home').mark('token-card')
