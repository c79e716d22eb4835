"""A markup as HTML text: what is drawn before any script has run, and taken away by the first that draws it itself.

It is a picture: nobody acts on it, no script finds anything in it, and no id is there twice. So only what looks like
something gets into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from components.markup import PATH, PLACES, TAGS

# fmt: off
SEEN = frozenset({
    'aria-current', 'aria-disabled', 'aria-expanded', 'aria-invalid', 'aria-pressed', 'aria-selected', 'class', 'cx',
    'cy', 'd', 'data-state', 'data-tone', 'href', 'placeholder', 'points', 'preserveAspectRatio', 'r', 'type', 'value',
    'viewBox',
})
"""The attributes that a style sheet, or the browser itself, draws differently."""
# fmt: on

UNSEEN = frozenset({'hidden', 'menu-panel', 'sr-only', 'tip-body'})
"""The classes of what takes no place and is not drawn, until somebody does something."""

EMPTY = frozenset({'input'})
"""Tags that hold nothing, and have no end."""


def html_of(tree: Any) -> str:
    """
    :param tree: a tag with its attributes and children, as the browser has it.
    :raises ValueError: this tag is none that a page is made of.
    """
    name, attributes, children = tree
    if name == 'slot':
        return ''  # what draws itself by a script, as charts do
    if not UNSEEN.isdisjoint(attributes.get('class', '').split()):
        return ''
    if name == 'select':
        children = [_chosen(child, attributes.get('value')) for child in children]
    return tag_html(name, attributes, map(_child_html, children))


def tag_html(name: str, attributes: Mapping[str, Any], inner: Iterable[str]) -> str:
    """
    :param inner: what it holds, as HTML.
    :raises ValueError: as :func:`html_of`.
    """
    if name not in TAGS:
        raise ValueError(f'{name!r} is no tag for a page.')
    begin = f'<{name}{"".join(_written(attributes))}>'
    return begin if name in EMPTY else f'{begin}{"".join(inner)}</{name}>'


def text_html(text: str) -> str:
    """Text that is shown as text."""
    return escape(text, quote=False)


def _child_html(child: Any) -> str:
    return html_of(child) if isinstance(child, list | tuple) else text_html(str(child))


def _chosen(option: Any, value: str | None) -> Any:
    """Which one a ``select`` stands at is a property in a page, and an attribute of the option in HTML."""
    name, attributes, children = option
    return [name, attributes | {'selected': ''} if attributes.get('value') == value else attributes, children]


def _written(attributes: Mapping[str, Any]) -> Iterable[str]:
    for name, value in attributes.items():
        attribute = name.removeprefix('^')
        if attribute in PLACES and not PATH.fullmatch(str(value)):
            continue  # what an extension put there: a picture leads nowhere anyway
        if attribute in SEEN and (value or attribute != 'class'):
            yield f' {attribute}="{escape(str(value))}"'
    if 'selected' in attributes:
        yield ' selected'
