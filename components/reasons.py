from __future__ import annotations

from collections.abc import Sequence

from components.formats import reason
from components.markup import Node, tag

SHOWN = 3


def reasons(texts: Sequence[str] | None, *, classes: str = '', role: str | None = None) -> Node:
    """Why a score is what it is: what drives it up (+) and what holds it down (−), the strongest first."""
    items = [
        tag('span', 'reason reason-down' if text.startswith('-') else 'reason', reason(text))
        for text in (texts or ())[:SHOWN]
    ]
    return tag('div', f'reasons {classes}'.rstrip(), *items, role=role)
