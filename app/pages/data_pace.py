"""How fast something goes. Knows no NiceGUI."""

from __future__ import annotations

from collections import deque

PACE_SECONDS = 4.0


class Pace:
    """Rows a second over the last few seconds, of one stage of the way in."""

    def __init__(self) -> None:
        self._stage = ''
        self._samples: deque[tuple[float, int]] = deque()

    def rate(self, stage: str, rows: int, *, at: float) -> int | None:
        """:param at: seconds, of a clock that only goes forward; ``None`` until there are two moments to compare."""
        if stage != self._stage:
            self._stage = stage
            self._samples.clear()
        self._samples.append((at, rows))
        while len(self._samples) > 2 and at - self._samples[1][0] >= PACE_SECONDS:
            self._samples.popleft()
        since, before = self._samples[0]
        return round((rows - before) / (at - since)) if at > since else None
