from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from components.markup import Child, Encoded, Node, encoded, tag


def table(label: str, columns: Sequence[str], rows: Iterable[Child], *, classes: str = '') -> Node:
    """A table of divisions, of which each row becomes a card where there is no room.

    :param rows: each a ``row`` with its cells.
    """
    return tag(
        'div',
        f'table {classes}'.rstrip(),
        _head(tuple(columns)),
        tag('div', 'rows', *rows, role='rowgroup'),
        role='table',
        aria_label=label,
    )


@lru_cache(64)
def _head(columns: tuple[str, ...]) -> Encoded:
    heads = [tag('span', '', column, role='columnheader') for column in columns]
    return encoded(tag('div', 'table-head', tag('div', 'row', *heads, role='row'), role='rowgroup'))
