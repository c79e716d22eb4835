"""How late the event loop comes to what is due: the wait that everything else on it has, too."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

INTERVAL = 0.05
"""Seconds between two looks; each costs about 0.07 ms, and they go on while nothing else does."""

WINDOW = 30.0
"""Seconds of looks that are kept."""

QUANTILES = (0.5, 0.99, 1.0)
"""Which are told; 1 is the longest wait of all."""


class LoopLag:
    """Falls asleep again and again, and keeps how late it woke up."""

    def __init__(
        self, *, interval: float = INTERVAL, window: float = WINDOW, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """:param clock: seconds; uvloop's own stands still while the loop does."""
        self._clock = clock
        self._interval = interval
        self._lags: deque[float] = deque(maxlen=max(1, round(window / interval)))

    async def run(self) -> None:
        """Look for ever."""
        while True:
            due = self._clock() + self._interval
            await asyncio.sleep(self._interval)
            self.note(self._clock() - due)

    def note(self, lag: float) -> None:
        """Keep a wait of ``lag`` seconds, and those that began while it lasted: a stand-still counts by its length.

        Else the longer the loop stands still, the fewer looks would tell of it.
        """
        for _ in range(self._lags.maxlen or 1):
            self._lags.append(max(0.0, lag))
            lag -= self._interval
            if lag <= 0:
                return

    def quantiles(self) -> dict[float, float]:
        """Seconds that share of the last looks waited at most; empty before the first one."""
        ordered = sorted(self._lags)
        return {share: ordered[round(share * (len(ordered) - 1))] for share in QUANTILES} if ordered else {}
