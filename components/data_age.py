from __future__ import annotations

from typing import Literal

from components.light_element import LightElement
from components.markup import Node, tag

Part = Literal['numbers', 'page']
"""``numbers`` are also brought by REST while the page itself cannot be."""


class DataAge(LightElement, default_classes='age'):
    """How old what stands beside it is; assets/live.js writes it, and lets it tick, once it is worth a word."""

    def __init__(self, part: Part) -> None:
        super().__init__('span')
        self.props['data-age'] = part


def data_age(part: Part) -> Node:
    """The same in a markup."""
    return tag('span', 'age', data_age=part)
