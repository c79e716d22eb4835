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
        self,
        *,
        interval: float = INTERVAL,
        window: float = WINDOW,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
        on_held: Callable[[float], None] | None = None,
    ) -> None:
        """
        :param clock: seconds; uvloop's own stands still while the loop does.
        :param cpu: seconds that this process has worked, all threads of it.
        :param on_held: told at each look for how many seconds the loop was held since the one before, at most.
        """
        self._clock = clock
        self._cpu = cpu
        self._on_held = on_held
        self._interval = interval
        self._lags: deque[float] = deque(maxlen=max(1, round(window / interval)))

    async def run(self) -> None:
        """Look for ever."""
        while True:
            due, worked = self._clock() + self._interval, self._cpu()
            await asyncio.sleep(self._interval)
            lag = self._clock() - due
            self.note(lag)
            if self._on_held:
                self._on_held(self.held(lag, self._cpu() - worked))

    def note(self, lag: float) -> None:
        """Keep a wait of ``lag`` seconds, and those that began while it lasted: a stand-still counts by its length.

        Else the longer the loop stands still, the fewer looks would tell of it.
        """
        for _ in range(self._lags.maxlen or 1):
            self._lags.append(max(0.0, lag))
            lag -= self._interval
            if lag <= 0:
                return

    def held(self, lag: float, worked: float) -> float:
        """For how many seconds something of ours can have held the loop, at most.

        It may have begun right after the look before. What it did was work of this process, in Python or in a library
        that lets no other thread on: as long as other processes had the processor, it was not ours.

        :param worked: seconds of this process since the look before.
        """
        return max(0.0, min(lag + self._interval, worked))

    def quantiles(self) -> dict[float, float]:
        """Seconds that share of the last looks waited at most; empty before the first one."""
        ordered = sorted(self._lags)
        return {share: ordered[round(share * (len(ordered) - 1))] for share in QUANTILES} if ordered else {}
