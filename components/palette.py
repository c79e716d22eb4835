from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from components.text import Text


@dataclass(frozen=True, kw_only=True)
class Command:
    """One thing to be found by typing. It does what the element does that it names, where the page has that one."""

    kind: str
    """A word for what it is."""
    words: str
    also: str = ''
    """Other words by which it is found."""
    click: str = ''
    """A selector of what it clicks."""
    href: str = ''
    """Where it leads on a page without such an element; empty: it is not offered there."""
    theme: str = ''
    """The theme it chooses."""
    help: bool = False
    """Whether it shows the keys."""
    print: bool = False
    """Whether it prints the page, with all its charts."""


class Palette(Text):
    """Opens the list of everything that can be done, found by typing.

    One element: assets/palette.js draws the rest when it is first opened, so that it works while the server is away.
    """

    def __init__(self, commands: Sequence[Command], *, keys: Mapping[str, str]) -> None:
        """:param keys: what each key does, for the list of keys."""
        super().__init__('button', 'Search')
        self.classes('button button-quiet palette-open').mark('palette')
        self.props('type=button aria-haspopup=dialog aria-keyshortcuts="Control+K Meta+K"')
        given = [{name: value for name, value in asdict(command).items() if value} for command in commands]
        self.props['data-palette'] = json.dumps({'commands': given, 'keys': dict(keys)}, ensure_ascii=False)
