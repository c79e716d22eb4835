"""Parts of a page that are drawn from plain data: hundreds of tags for the price of one element of NiceGUI.

A tree is written with :func:`tag`, and shown by a :class:`Markup`. Only text and the attributes below can get into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, NewType, TypeAlias, TypeVar

import orjson
from nicegui import ui
from nicegui.events import GenericEventArguments

from components.formats import NumberFormat, number_format
from components.kept_json import kept_json

Node = NewType('Node', tuple[str, dict[str, str], list[Any]])
Encoded: TypeAlias = orjson.Fragment
"""A node as it is sent."""

Child: TypeAlias = str | Node | Encoded | None
ItemT = TypeVar('ItemT')

DRAWER = Path(__file__).parents[1] / 'assets' / 'markup.js'
# fmt: off
TAGS = frozenset({
    'a', 'button', 'circle', 'dd', 'details', 'div', 'dl', 'dt', 'h2', 'h3', 'li', 'ol', 'p', 'path', 'polyline',
    'pre', 'section', 'span', 'strong', 'summary', 'svg', 'table', 'tbody', 'td', 'th', 'thead', 'time', 'tr', 'ul',
})
ATTRIBUTES = frozenset({
    'cx', 'cy', 'd', 'datetime', 'form', 'href', 'id', 'points', 'preserveAspectRatio', 'r', 'role', 'scope',
    'tabindex', 'title', 'type', 'viewBox',
})
"""Besides any of aria-* and data-*. None of them does anything by itself, and none holds markup."""
# fmt: on

PATH = re.compile(r'/(?![/\\])[!-\[\]-~]*')
"""A place on this server: not ``//elsewhere``, not ``javascript:``, nor what a browser would take for either."""


def tag(name: str, classes: str = '', /, *children: Child, key: str | None = None, **attributes: str | None) -> Node:
    """One tag with what it holds.

    :param children: nodes, and text, which is always shown as text; ``None`` is nothing.
    :param key: tells it from its siblings: the element stays the same wherever it moves to among them.
    :param attributes: with ``_`` for ``-``; ``None`` leaves one out.
    :raises ValueError: this tag or attribute is none that a page is made of, or ``href`` leads away from this server.
    """
    if name not in TAGS:
        raise ValueError(f'{name!r} is no tag for a page.')
    written = {_attribute(attribute): value for attribute, value in attributes.items() if value is not None}
    if 'href' in written and not PATH.fullmatch(written['href']):
        raise ValueError(f'{written["href"]!r} is no place on this server.')
    if classes:
        written['class'] = classes
    if key:
        written['key'] = key
    return Node((name, written, [child for child in children if child is not None]))


@lru_cache(256)
def _attribute(name: str) -> str:
    if name.startswith(('aria_', 'data_')):
        return name.replace('_', '-')
    if name not in ATTRIBUTES:
        raise ValueError(f'{name!r} is no attribute for a page.')
    return name


def encoded(node: Node) -> Encoded:
    """For a part that stays the same while others of its tree change."""
    return orjson.Fragment(kept_json(node))


class Rows(Generic[ItemT]):
    """Draws the items of one list, each once for as long as it is in it."""

    def __init__(self, draw: Callable[[ItemT], Node]) -> None:
        """:param draw: for items that can be hashed; looks at nothing but the item, and at how numbers are written."""
        self._draw = draw
        self._drawn: dict[tuple[ItemT, NumberFormat], Encoded] = {}

    def of(self, items: Iterable[ItemT]) -> list[Encoded]:
        """:param items: no two of them equal."""
        numbers, before = number_format(), self._drawn
        wanted = [(item, numbers) for item in items]
        self._drawn = {each: before.get(each) or encoded(self._draw(each[0])) for each in wanted}
        return list(self._drawn.values())


class Markup(ui.element, component=DRAWER):
    """A tree of tags. An unchanged one sends nothing; a changed one is sent whole, and changes only what differs."""

    def __init__(self, tree: Node, *, actions: Mapping[str, Callable[[str], Any]] | None = None) -> None:
        """:param actions: what a click does, by the ``data_action`` of a tag; told that tag's ``data_item``."""
        super().__init__()
        self._sent = b''
        self._actions = actions or {}
        self.draw(tree)
        if self._actions:
            self.on('action', self._act)

    def draw(self, tree: Node) -> None:
        sent = kept_json(tree)
        if sent != self._sent:
            self._sent = sent
            # NiceGUI, and its socket, would look at each word of it; and tell whoever may watch the attributes of an
            # element, which takes as long as a whole list takes to be drawn
            dict.__setitem__(self.props, 'tree', orjson.Fragment(sent))
            self.update()

    @property
    def tree(self) -> Any:
        """What is drawn, as the browser has it: lists of tag, attributes and children."""
        return orjson.loads(self._sent)

    def _act(self, event: GenericEventArguments) -> Any:
        """A browser may say anything: only what it has been offered is done."""
        offered = {(each.get('data-action'), each.get('data-item', '')) for _, each, _ in nodes(self.tree)}
        match event.args:
            case [str(action), str(item)] if (action, item) in offered and action in self._actions:
                return self._actions[action](item)
        return None

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:  # noqa: ARG002 -- NiceGUI's own
        return [child for *_, children in nodes(self.tree) for child in children if isinstance(child, str)]


def nodes(tree: Any) -> Iterator[Any]:
    """All tags of a tree as the browser has it, each before what it holds."""
    yield tree
    for child in tree[2]:
        if isinstance(child, list):
            yield from nodes(child)
