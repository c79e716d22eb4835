from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from components.markup import Node, tag

WIDTH, HEIGHT, MARGIN = 120, 28, 2


def sparkline(values: Sequence[float | None], *, from_zero: bool = False) -> Node | None:
    """How a number went, day by day, as a line; nothing where no line can be drawn.

    Decoration: what it says is said in words beside it.

    :param values: oldest first; ``None`` on a day without one, which the line passes over.
    :param from_zero: of counts, so that twice as many look like twice as many; else from the lowest.
    """
    known = [value for value in values if value is not None]
    if len(known) <= 1:
        return None
    lowest, highest = (0 if from_zero else min(known)), max(known)
    scale = (HEIGHT - 2 * MARGIN) / (highest - lowest) if highest > lowest else 0
    middle = 0 if scale else HEIGHT / 2 - MARGIN
    bottom = HEIGHT - MARGIN - middle
    points = [
        f'{across}{bottom - (value - lowest) * scale:.1f}'
        for across, value in zip(_across(len(values)), values, strict=True)
        if value is not None
    ]
    return tag(
        'svg',
        'spark',
        tag('path', '', d=f'M{"L".join(points)}'),
        viewBox=f'0 0 {WIDTH} {HEIGHT}',
        preserveAspectRatio='none',
        aria_hidden='true',
    )


@lru_cache(64)
def _across(values: int) -> tuple[str, ...]:
    """Where each of so many stands, with the space that comes after it."""
    return tuple(f'{number * WIDTH / (values - 1):.1f} ' for number in range(values))
