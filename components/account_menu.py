from __future__ import annotations

from components.markup import Node, tag
from components.menu import menu


def account_menu(*, name: str, email: str, sign_out_path: str = '/logout') -> Node:
    """Who is signed in, what they can set, and the way out: a plain form, so that it needs no live connection."""
    return menu(
        (name or email)[:1].upper(),
        tag('div', 'account-name', name) if name else None,
        tag('div', 'account-email', email),
        tag('a', 'menu-item', 'Settings', href='/settings'),
        tag('a', 'menu-item', 'Connect a program', href='/connect'),
        tag(
            'form',
            '',
            tag('button', 'menu-item', 'Sign out', type='submit'),
            method='post',
            action=sign_out_path,
        ),
        kind='avatar',
        named='Account',
    )
