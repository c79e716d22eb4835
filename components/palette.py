from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from components.markup import Encoded, encoded, tag


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


def palette(commands: Sequence[Command], *, keys: Mapping[str, str]) -> Encoded:
    """Opens the list of everything that can be done, found by typing.

    A button: assets/palette.js draws the rest when it is first opened, so that it works while the server is away.

    :param keys: what each key does, for the list of keys.
    """
    given = [{name: value for name, value in asdict(command).items() if value} for command in commands]
    return encoded(
        tag(
            'button',
            'button button-quiet palette-open',
            'Search',
            type='button',
            aria_haspopup='dialog',
            aria_keyshortcuts='Control+K Meta+K',
            data_palette=json.dumps({'commands': given, 'keys': dict(keys)}, ensure_ascii=False),
        )
    )
