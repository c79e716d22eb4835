"""How long a client of the live protocol waits, and for what."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LiveTiming:
    """All in seconds."""

    pauses: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)
    """Before each further attempt to connect; the last one from then on, while the board is polled."""
    jitter: float = 0.2
    """The share by which a pause may be shorter or longer, so that many clients do not come back at once."""
    poll: float = 5.0
    """Between two polls of the board, while there is no connection."""
    silence: float = 7.0
    """Without a word for that long, the server is asked for the board: a dead link says nothing either."""
    answer: float = 10.0
    """Within which the server answers: a greeting, or an acknowledgement."""
    probe: float = 3.0
    """Within which it answers after a silence."""

    def pause(self, failures: int) -> float:
        """How long to wait after so many attempts that failed in a row."""
        pause = self.pauses[min(failures, len(self.pauses) - 1)]
        return pause * random.uniform(1 - self.jitter, 1 + self.jitter)

    def is_polling(self, failures: int) -> bool:
        """Whether a client that failed so often is to be called polling."""
        return failures >= len(self.pauses)
