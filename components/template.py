"""Trees of which only a few texts change: all else of them is encoded once, for every page that shows one."""

from __future__ import annotations

import re

import orjson

from components.markup import Child, Encoded, Node

OPENED, CLOSED = '\ue000', '\ue001'
"""Around the name of a place: private characters, which no text of ours has."""

PLACE = re.compile(f'"{OPENED}([a-z_]+){CLOSED}"'.encode())


def place(name: str) -> str:
    """Where something is filled in: as a child, or as the whole value of an attribute."""
    return f'{OPENED}{name}{CLOSED}'


class Template:
    """A tree with places."""

    def __init__(self, tree: Node) -> None:
        written = orjson.dumps(tree).replace(b'%', b'%%')
        self._names = [name.decode() for name in PLACE.findall(written)]
        self._pattern = PLACE.sub(b'%b', written)

    def filled(self, **contents: Child) -> Encoded:
        """The tree with what belongs into its places; ``None`` is nothing.

        In an attribute it must be a text.

        :raises KeyError: a place is left empty.
        """
        return orjson.Fragment(self._pattern % tuple([orjson.dumps(contents[name] or '') for name in self._names]))
