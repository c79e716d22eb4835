from __future__ import annotations

from components.light_element import LightElement
from components.panel import Panel
from components.text import Text


class TokenCard(Panel):
    """Where this server is reached, and a token for it.

    assets/connect.js draws the token: it is fetched by the browser when somebody asks for it, and never comes by here.
    """

    def __init__(self, origin: str) -> None:
        super().__init__('Address and token', name='token')
        with self, LightElement('dl', 'access'):
            Text('dt', 'Address')
            with LightElement('dd', 'access-row'):
                Text('code', origin).classes('access-value').mark('origin').props('data-origin')
                copy = Text('button', 'Copy').classes('button').props('type=button data-copy-origin')
                copy.props['aria-label'] = 'Copy the address'
            Text('dt', 'Token')
            with LightElement('dd'):
                LightElement('div', 'token').props('data-token-card data-home').mark('token-card')
