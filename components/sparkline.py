from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from components.markup import Encoded, tag
from components.template import Template, place

WIDTH, HEIGHT, MARGIN = 120, 28, 2

LINE = Template(
    tag(
        'svg',
        'spark',
        tag('path', '', d=place('course')),
        viewBox=f'0 0 {WIDTH} {HEIGHT}',
        preserveAspectRatio='none',
        aria_hidden='true',
    )
)


def sparkline(values: Sequence[float | None], *, from_zero: bool = False) -> Encoded | None:
    """How a number went, day by day, as a line; nothing where no line can be drawn.

    Decoration: what it says is said in words beside it.

    :param values: oldest first; ``None`` on a day without one, which the line passes over.
    :param from_zero: of counts, so that twice as many look like twice as many; else from the lowest.
    """
    known_days = tuple([value is not None for value in values]) if None in values else (True,) * len(values)
    known = [value for value in values if value is not None]
    if len(known) <= 1:
        return None
    lowest, highest = (0 if from_zero else min(known)), max(known)
    scale = (HEIGHT - 2 * MARGIN) / (highest - lowest) if highest > lowest else 0
    middle = 0 if scale else HEIGHT / 2 - MARGIN
    bottom = HEIGHT - MARGIN - middle
    heights = tuple([bottom - (value - lowest) * scale for value in known])
    return LINE.filled(course=_course(known_days) % heights)


@lru_cache(1024)
def _course(known_days: tuple[bool, ...]) -> str:
    """A path through the days with a value, to be completed by its heights."""
    step = WIDTH / (len(known_days) - 1)
    return 'M' + 'L'.join([f'{number * step:.1f} %.1f' for number, is_known in enumerate(known_days) if is_known])
