from __future__ import annotations

from components.markup import Child, Node, tag


def menu(label: str, *children: Child, kind: str = 'button', classes: str = '', named: str | None = None) -> Node:
    """A native disclosure: works by keyboard and while the server is away.

    assets/page.js closes it on Esc and on a click outside.

    :param kind: the class of what is clicked.
    :param named: what it is called, where its label does not say it.
    """
    return tag(
        'details',
        f'menu {classes}'.rstrip(),
        tag('summary', kind, label, aria_label=named),
        tag('div', 'menu-panel', *children),
    )
