"""What is dear to work out, and may be some seconds older than the numbers beside it."""

from __future__ import annotations

import asyncio

SECONDS = 15.0


class Seldom:
    """Lets something be done at once, and then at most once in a while."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._done_at = float('-inf')

    def take(self) -> bool:
        """Whether it may be done now; if so, not again before the time has passed."""
        now = asyncio.get_running_loop().time()
        if now < self._done_at + self._seconds:
            return False
        self._done_at = now
        return True

    def reset(self) -> None:
        """Something else is asked for: the next one comes at once."""
        self._done_at = float('-inf')
