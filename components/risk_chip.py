from __future__ import annotations

from components.element_state import replace_class
from components.formats import NBSP, score
from components.markup import Node, tag
from components.text import Text
from services.schemas import RiskLevel

ICONS = {RiskLevel.HIGH: '▲', RiskLevel.MEDIUM: '◆', RiskLevel.LOW: '●'}
WORDS = {RiskLevel.HIGH: 'High', RiskLevel.MEDIUM: 'Medium', RiskLevel.LOW: 'Low'}


class RiskChip(Text, default_classes='risk'):
    """A churn score with its band as icon, word and colour, so that none of them carries the meaning alone.

    The icon is in assets/board.css, where a screen reader does not read it beside the word.
    """

    def __init__(self) -> None:
        super().__init__('span')
        self._level = ''

    def show(self, level: RiskLevel, value: float) -> None:
        self.set_text(_words(level, value))
        replace_class(self, self._level, f'risk-{level}')
        self._level = f'risk-{level}'


def risk_chip(level: RiskLevel, value: float, *, classes: str = '', role: str | None = None) -> Node:
    """The same in a markup."""
    return tag('span', f'risk risk-{level} {classes}'.rstrip(), _words(level, value), role=role)


def _words(level: RiskLevel, value: float) -> str:
    return f'{WORDS[level]}{NBSP}{score(value)}'
