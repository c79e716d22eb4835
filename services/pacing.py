"""How much to do at a time, so that a piece takes about as long as somebody else may be kept waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PIECE_SECONDS = 0.4

PAUSE_SECONDS = 0.03
"""Between two pieces, for those who wait: SQLite's writers look whether they may every few milliseconds."""


class Pace:
    """Finds the size of a piece from how long the earlier ones took."""

    def __init__(self, *, start: int, least: int, most: int, timer: Callable[[], float] = time.monotonic) -> None:
        self._size = start
        self._least = least
        self._most = most
        self._timer = timer

    @contextmanager
    def piece(self) -> Iterator[int]:
        """The size of the next piece, which is done within."""
        size, began = self._size, self._timer()
        yield size
        took = max(self._timer() - began, 0.001)
        wanted = round(size * min(2.0, PIECE_SECONDS / took))
        self._size = max(self._least, min(self._most, wanted))
