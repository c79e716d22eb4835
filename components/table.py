from __future__ import annotations

from collections.abc import Iterable, Sequence

from components.markup import Child, Node, tag


def table(label: str, columns: Sequence[str], rows: Iterable[Child], *, classes: str = '') -> Node:
    """A table of divisions, of which each row becomes a card where there is no room.

    :param rows: each a ``row`` with its cells.
    """
    heads = [tag('span', '', column, role='columnheader') for column in columns]
    return tag(
        'div',
        f'table {classes}'.rstrip(),
        tag('div', 'table-head', tag('div', 'row', *heads, role='row'), role='rowgroup'),
        tag('div', 'rows', *rows, role='rowgroup'),
        role='table',
        aria_label=label,
    )
