"""Parts of a page that are drawn from plain data: hundreds of tags for the price of one element of NiceGUI.

A tree is written with :func:`tag`, and shown by a :class:`Markup`. Only text and the attributes below can get into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Literal, NewType, TypeAlias, TypeVar

import orjson
from nicegui.events import GenericEventArguments

from components.formats import ENGLISH, NumberFormat, number_format, written_as
from components.kept_json import kept_json, shared
from components.light_element import LightElement

Node = NewType('Node', tuple[str, dict[str, str], list[Any]])
Encoded: TypeAlias = orjson.Fragment
"""A node as it is sent."""

Child: TypeAlias = str | Node | Encoded | None
ItemT = TypeVar('ItemT')

DRAWER = Path(__file__).parents[1] / 'assets' / 'markup.js'
# fmt: off
TAGS = frozenset({
    'a', 'button', 'circle', 'dd', 'details', 'div', 'dl', 'dt', 'footer', 'form', 'h1', 'h2', 'h3', 'input', 'label',
    'li', 'nav', 'ol', 'option', 'p', 'path', 'polyline', 'pre', 'section', 'select', 'span', 'strong', 'summary',
    'svg', 'table', 'tbody', 'td', 'th', 'thead', 'time', 'tr', 'ul',
})
ATTRIBUTES = frozenset({
    'action', 'autocomplete', 'cx', 'cy', 'd', 'datetime', 'for', 'form', 'href', 'id', 'inputmode', 'max', 'maxlength',
    'method', 'min', 'name', 'placeholder', 'points', 'preserveAspectRatio', 'r', 'role', 'scope', 'spellcheck', 'step',
    'tabindex', 'title', 'type', 'value', 'viewBox',
})
"""Besides any of aria-* and data-*. None of them does anything by itself, and none holds markup."""

PLACES = ('href', 'action')
# fmt: on

PATH = re.compile(r'/(?![/\\])[!-\[\]-~]*|#[\w-]+')
"""A place on this server, or this page: not ``//elsewhere``, not ``javascript:``, nor what a browser would take for
either."""


def tag(name: str, classes: str = '', /, *children: Child, key: str | None = None, **attributes: str | None) -> Node:
    """One tag with what it holds.

    :param children: nodes, and text, which is always shown as text; ``None`` is nothing.
    :param key: tells it from its siblings: the element stays the same wherever it moves to among them.
    :param attributes: with ``_`` for ``-``, and after the name of one that Python has a word for; ``None`` leaves one
        out. What a field begins with is its ``begins``: what is typed into it is the browser's from then on.
    :raises ValueError: this tag or attribute is none that a page is made of, or it leads away from this server.
    """
    if name not in TAGS:
        raise ValueError(f'{name!r} is no tag for a page.')
    written = {_attribute(attribute): value for attribute, value in attributes.items() if value is not None}
    for place in PLACES:
        if place in written and not PATH.fullmatch(written[place]):
            raise ValueError(f'{written[place]!r} is no place on this server.')
    if classes:
        written['class'] = classes
    if key:
        written['key'] = key
    return Node((name, written, [child for child in children if child is not None]))


def slot(name: Literal['default', 'table']) -> Node:
    """Where the elements of NiceGUI are drawn that a :class:`Markup` holds in a slot."""
    return Node(('slot', {'name': name}, []))


@lru_cache(256)
def _attribute(name: str) -> str:
    if name.startswith(('aria_', 'data_')):
        return name.replace('_', '-')
    if name == 'begins':
        return '^value'  # the attribute, as Vue has it: the property would be written at each update
    if name.rstrip('_') not in ATTRIBUTES:
        raise ValueError(f'{name!r} is no attribute for a page.')
    return name.rstrip('_')


def encoded(node: Node) -> Encoded:
    """For a part that stays the same while others of its tree change."""
    return orjson.Fragment(kept_json(node))


class Rows(Generic[ItemT]):
    """Draws the items of one list, each once for as long as it is in it."""

    def __init__(self, draw: Callable[[ItemT], Node]) -> None:
        """:param draw: for items that can be hashed; looks at nothing but the item, and at how numbers are written."""
        self._draw = draw
        self._drawn: dict[ItemT, Encoded] = {}
        self._numbers: NumberFormat | None = None

    def of(self, items: Iterable[ItemT]) -> list[Encoded]:
        """:param items: no two of them equal."""
        numbers = number_format()
        before = self._drawn if numbers == self._numbers else {}
        self._drawn = {item: before.get(item) or encoded(self._draw(item)) for item in items}
        self._numbers = numbers
        return list(self._drawn.values())


@dataclass(slots=True)
class Drawn:
    """What was drawn last."""

    written: bytes | None = b''
    """Its JSON; ``None``: it is written again if it is needed."""
    mark: int = 0
    """By which it is known again then: one of 2**64 others has the same."""
    numbers: NumberFormat = ENGLISH
    """How numbers are written in it."""


class Markup(LightElement, component=DRAWER):
    """A tree of tags. An unchanged one sends nothing; a changed one is sent whole, and changes only what differs."""

    def __init__(
        self,
        tree: Node | Encoded,
        *,
        actions: Mapping[str, Callable[[str], Any]] | None = None,
        entries: Mapping[str, Callable[[str, object], Any]] | None = None,
    ) -> None:
        """
        :param actions: what a click does, by the ``data_action`` of a tag; told that tag's ``data_item``. Also what
            comes of a form being reset, by its ``data_reset``.
        :param entries: what is done with what people enter, by the ``data_entry`` of an ``input``, once it is quiet, of
            a ``select``, and of a ``form`` that is sent; told that tag's ``data_item``, and the value, or those of all
            fields by their names, as the browser says it: it may be anything.
        """
        super().__init__()
        self._drawn = Drawn()
        self._actions = actions or {}
        self._entries = entries or {}
        self.draw(tree)
        if self._actions:
            self.on('action', self._act)
        if self._entries:
            self.on('entry', self._enter)

    def draw(self, tree: Node | Encoded) -> None:
        written, drawn = kept_json(tree), self._drawn
        mark, drawn.numbers = hash(written), number_format()
        if mark == drawn.mark and drawn.written in (None, written):
            return
        first, drawn.mark = drawn.written == b'', mark
        drawn.written = shared(written) if first else written  # most begin as they do on every page
        self.update()

    def again(self) -> Node | Encoded:
        """The tree that was drawn last.

        Whoever can give it at any time, as it is made of what is kept anyhow, says it here: it is let go of once it is
        sent.
        """
        assert self._drawn.written is not None
        return orjson.Fragment(self._drawn.written)

    def _to_dict(self) -> dict[str, Any]:
        """As it is sent, past the attributes of the element: NiceGUI would look at each word of it, and tell whoever
        may watch them, which takes as long as a whole list takes to be drawn.
        """
        sent = super()._to_dict() | {'props': {**self._props, 'tree': orjson.Fragment(self._json)}}
        if type(self).again is not Markup.again:
            self._drawn.written = None
        return sent

    @property
    def _json(self) -> bytes:
        if self._drawn.written is not None:
            return self._drawn.written
        with written_as(self._drawn.numbers):
            return orjson.dumps(self.again())

    def focus_on(self, selector: str) -> None:
        """Give the focus to the first tag that this CSS selector finds in it, once what was drawn is there."""
        self.run_method('focusOn', selector)

    @property
    def tree(self) -> Any:
        """What is drawn, as the browser has it: lists of tag, attributes and children."""
        return orjson.loads(self._json)

    def _act(self, event: GenericEventArguments) -> Any:
        """A browser may say anything: only what it has been offered is done."""
        match event.args:
            case [str(action), str(item)] if action in self._actions and self._offers('action', action, item):
                return self._actions[action](item)
        return None

    def _enter(self, event: GenericEventArguments) -> Any:
        match event.args:
            case [str(entry), str(item), value] if entry in self._entries and self._offers('entry', entry, item):
                return self._entries[entry](item, value)
        return None

    def _offers(self, what: Literal['action', 'entry'], name: str, item: str) -> bool:
        return any(
            name in (each.get(f'data-{what}'), each.get('data-reset') if what == 'action' else None)
            and item == each.get('data-item', '')
            for _, each, _ in nodes(self.tree)
        )

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:  # noqa: ARG002 -- NiceGUI's own
        return [child for *_, children in nodes(self.tree) for child in children if isinstance(child, str)]


def nodes(tree: Any) -> Iterator[Any]:
    """All tags of a tree as the browser has it, each before what it holds."""
    yield tree
    for child in tree[2]:
        if isinstance(child, list):
            yield from nodes(child)
