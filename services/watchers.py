"""Who looks at which user's board, and at which moment of the beat each user's turn comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.turns import Turn

Listener = Callable[[], Awaitable[None]]

GOLDEN = 2_654_435_769
"""2^32 divided by the golden ratio: multiples of it spread evenly (Knuth, TAOCP 6.4)."""


def phase_of(user_id: int, phases: int) -> int:
    """Which of the beat's moments is the user's, always the same: neighbours are far from each other."""
    return ((user_id * GOLDEN) % 2**32) * phases >> 32


class Watch:
    """Somebody looks at a user's board until this is closed."""

    __slots__ = ('_close', '_turn', 'on_change', 'user_id')  # there is one for each connection

    def __init__(
        self, close: Callable[[Watch], None], user_id: int, turn: Turn, on_change: Listener | None = None
    ) -> None:
        self.user_id = user_id
        self.on_change = on_change
        self._turn = turn
        self._close: Callable[[Watch], None] | None = close

    def unsettle(self) -> None:
        """It was shown something else than before: the next beat has to look what there is to tell."""
        self._turn.unsettle(self.user_id)

    def close(self) -> None:
        """Closing twice is the same as once."""
        if self._close:
            self._close(self)
            self._close = None


class Watchers:
    """All watches of this process by user."""

    def __init__(self, on_last_closed: Callable[[int], None], *, phases: int = 1) -> None:
        self._watches: dict[int, list[Watch]] = {}
        self._turns = [Turn() for _ in range(phases)]
        self._on_last_closed = on_last_closed
        self._close = self._remove  # one for all: each mention of a method makes another object

    def __contains__(self, user_id: int) -> bool:
        return user_id in self._watches

    def users(self) -> list[int]:
        return list(self._watches)

    def at(self, phase: int) -> Turn:
        """The users whose turn it is."""
        return self._turns[phase]

    def turn_of(self, user_id: int) -> Turn:
        """The turn of a user, watched or not."""
        return self._turns[phase_of(user_id, len(self._turns))]

    def add(self, user_id: int, on_change: Listener | None) -> Watch:
        turn = self.turn_of(user_id)
        watch = Watch(self._close, user_id, turn, on_change)
        turn.unsettle(user_id)
        if watches := self._watches.get(user_id):
            watches.append(watch)
        else:
            self._watches[user_id] = [watch]
            turn.add(user_id)
        return watch

    def listeners(self, user_id: int) -> list[Listener]:
        """Whom to tell that the user's data changed."""
        return [watch.on_change for watch in self._watches.get(user_id, ()) if watch.on_change]

    def _remove(self, watch: Watch) -> None:
        user_id = watch.user_id
        self._watches[user_id].remove(watch)
        if not self._watches[user_id]:
            del self._watches[user_id]
            self.turn_of(user_id).remove(user_id)
            self._on_last_closed(user_id)
