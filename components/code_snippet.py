from __future__ import annotations

from components.light_element import LightElement
from components.text import Text

PLACEHOLDER = 'YOUR_TOKEN'
"""What stands in the code for the token; assets/connect.js puts the token in its place, once there is one."""


class CodeSnippet(LightElement, default_classes='snippet'):
    """A complete program or command, to be copied."""

    def __init__(self, title: str, code: str, *, note: str = '', name: str) -> None:
        """:param note: what has to be there first, or how to start it.

        :param name: tells it from the others of the page.
        """
        super().__init__('section')
        self.mark(f'snippet-{name}')
        with self:
            with LightElement('div', 'snippet-head'):
                heading = Text('h3', title).classes('snippet-title')
                if note:
                    Text('p', note).classes('snippet-note')
                copy = Text('button', 'Copy').classes('button').props('type=button data-copy-snippet')
                copy.props['aria-label'] = f'Copy {title}'
            self.code = Text('pre', code).classes('snippet-code').props('tabindex=0 data-snippet')
        self.props['aria-labelledby'] = heading.html_id
        self.code.props['data-name'] = name
