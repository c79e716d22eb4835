from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.button import Button
from components.light_element import LightElement
from components.text import Text

ONCE = 'It is shown this once, and nobody can look it up later: keep it where you keep passwords.'


class NewKey(LightElement, default_classes='new-key'):
    """The text of an API key that was just made, until it is put away: deleting this takes it off the page.

    assets/keys.js copies it from here.
    """

    def __init__(self, name: str, text: str, *, power: str, on_done: Callable[[], Any]) -> None:
        """:param power: what whoever has it can do, to go on "Whoever has it can ..."."""
        super().__init__('div')
        self.props('role=group').mark('new-key')
        with self:
            heading = Text('h3', f'Copy the key “{name}” now').classes('new-key-title')
            warning = Text('p', f'{ONCE} Whoever has it can {power}, until you revoke it.')
            with LightElement('div', 'new-key-row'):
                Text('code', text).classes('new-key-text').props('data-new-key').mark('new-key-text')
                copy = Text('button', 'Copy').classes('button button-strong').props('type=button data-copy-key')
                copy.props['aria-label'] = 'Copy the key'
                Button('I have stored it', on_done).mark('new-key-done')
            Text('p').classes('sr-only').props('role=status data-key-copied')
        self.props['aria-labelledby'] = heading.html_id
        self.props['aria-describedby'] = warning.html_id
