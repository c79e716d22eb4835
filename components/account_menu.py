from __future__ import annotations

from nicegui import ui

from components.menu import Menu
from components.text import Text


class AccountMenu(Menu):
    """Who is signed in, what they can set, and the way out: a plain form, so that it needs no live connection."""

    def __init__(self, *, account: int, name: str, email: str, sign_out_path: str = '/logout') -> None:
        """:param account: by it a browser tells people apart, also after a sign-out: a number, and nobody's name."""
        super().__init__((name or email)[:1].upper(), kind='avatar')
        self.props(f'data-account={account}')
        self.summary.props('aria-label="Account"')
        with self:
            if name:
                Text('div', name).classes('account-name')
            Text('div', email).classes('account-email')
            Text('a', 'Settings').classes('menu-item').props('href=/settings')
            Text('a', 'Connect a program').classes('menu-item').props('href=/connect')
            form = ui.element('form').props('method=post')
            form.props['action'] = sign_out_path
            with form:
                Text('button', 'Sign out').classes('menu-item').props('type=submit')
