from __future__ import annotations

from typing import Literal

from nicegui import ui


class DataAge(ui.element, default_classes='age'):
    """How old what stands beside it is; assets/live.js writes it, and lets it tick, once it is worth a word."""

    def __init__(self, part: Literal['numbers', 'page']) -> None:
        """:param part: ``numbers`` are also brought by REST while the page itself cannot be."""
        super().__init__('span')
        self.props['data-age'] = part
