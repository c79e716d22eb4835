from __future__ import annotations

from components.comparisons import in_points
from components.markup import Node, tag


def score_change(change: float | None, *, otherwise: str, classes: str = '', role: str | None = None) -> Node:
    """By how many points a score moved, with its sign; a rise is bad, a fall is good.

    :param change: -1..1.
    :param otherwise: what stands there of a score that nothing can be compared with.
    """
    meaning = 'change-neutral' if not change else 'change-bad' if change > 0 else 'change-good'
    words = otherwise if change is None else in_points(change)
    return tag('span', f'change {meaning} {classes}'.rstrip(), words, role=role)
