from __future__ import annotations

from collections.abc import Mapping

from components.markup import Node, tag


def page_links(pages: Mapping[str, str], *, current: str) -> Node:
    """The way between the pages.

    :param pages: name of each page by its path.
    :param current: the path of the page this stands on.
    """
    links = (
        tag('a', 'page-link', name, href=path, aria_current='page' if path == current else None)
        for path, name in pages.items()
    )
    return tag('nav', 'pages', *links, aria_label='Pages')
