"""Who looks at which user's board, and at which moment of the beat each user's turn comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable

Listener = Callable[[], Awaitable[None]]

GOLDEN = 2_654_435_769
"""2^32 divided by the golden ratio: multiples of it spread evenly (Knuth, TAOCP 6.4)."""


def phase_of(user_id: int, phases: int) -> int:
    """Which of the beat's moments is the user's, always the same: neighbours are far from each other."""
    return ((user_id * GOLDEN) % 2**32) * phases >> 32


class Watch:
    """Somebody looks at a user's board until this is closed."""

    def __init__(self, close: Callable[[Watch], None]) -> None:
        self._close: Callable[[Watch], None] | None = close

    def close(self) -> None:
        """Closing twice is the same as once."""
        if self._close:
            self._close(self)
            self._close = None


class Watchers:
    """All watches of this process by user."""

    def __init__(self, on_last_closed: Callable[[int], None], *, phases: int = 1) -> None:
        self._watches: defaultdict[int, dict[Watch, Listener | None]] = defaultdict(dict)
        self._phases: list[set[int]] = [set() for _ in range(phases)]
        self._on_last_closed = on_last_closed

    def __contains__(self, user_id: int) -> bool:
        return user_id in self._watches

    def users(self) -> list[int]:
        return list(self._watches)

    def at(self, phase: int) -> list[int]:
        """The users whose turn it is."""
        return list(self._phases[phase])

    def add(self, user_id: int, on_change: Listener | None) -> Watch:
        watch = Watch(lambda closed: self._remove(user_id, closed))
        self._watches[user_id][watch] = on_change
        self._phases[phase_of(user_id, len(self._phases))].add(user_id)
        return watch

    def listeners(self, user_id: int) -> list[Listener]:
        """Whom to tell that the user's data changed."""
        return [listener for listener in self._watches.get(user_id, {}).values() if listener]

    def _remove(self, user_id: int, watch: Watch) -> None:
        del self._watches[user_id][watch]
        if not self._watches[user_id]:
            del self._watches[user_id]
            self._phases[phase_of(user_id, len(self._phases))].discard(user_id)
            self._on_last_closed(user_id)
