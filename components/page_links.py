from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui

from components.text import Text


class PageLinks(ui.element, default_classes='pages'):
    """The way between the pages."""

    def __init__(self, pages: Mapping[str, str], *, current: str) -> None:
        """:param pages: name of each page by its path.

        :param current: the path of the page this stands on.
        """
        super().__init__('nav')
        self.props('aria-label=Pages')
        with self:
            for path, name in pages.items():
                link = Text('a', name).classes('page-link')
                link.props['href'] = path
                if path == current:
                    link.props['aria-current'] = 'page'
