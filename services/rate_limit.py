"""How often somebody may do something: a token bucket for each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

REMEMBERED = 10_000
"""Buckets kept; the one that was used least lately gives way."""


class RateLimit:
    """``burst`` times at once, and ``per_second`` times a second from then on, counted by key.

    A bucket is full at first and fills up again with time. Wall-clock time has no part in it.
    """

    def __init__(self, *, per_second: float, burst: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._monotonic = monotonic
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        """What was left in each, and when."""

    def wait(self, key: Hashable) -> float:
        """Seconds until the next is allowed; 0 if it is now. Takes nothing."""
        missing = 1 - self._left(key)
        return missing / self._per_second if missing > 0 else 0.0

    def take(self, key: Hashable) -> float:
        """Take one; what :meth:`wait` said before, and nothing is taken unless that was 0."""
        left = self._left(key)
        if left < 1:
            return (1 - left) / self._per_second
        self._buckets[key] = (left - 1, self._monotonic())
        self._buckets.move_to_end(key)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return 0.0

    def forget(self, key: Hashable) -> None:
        """Its bucket is full again, or of no use any more."""
        self._buckets.pop(key, None)

    def _left(self, key: Hashable) -> float:
        left, at = self._buckets.get(key, (self._burst, 0.0))
        return min(self._burst, left + (self._monotonic() - at) * self._per_second)
