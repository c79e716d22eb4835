"""Who looks at which user's board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable

Listener = Callable[[], Awaitable[None]]


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

    def __init__(self, on_last_closed: Callable[[int], None]) -> None:
        self._watches: defaultdict[int, dict[Watch, Listener | None]] = defaultdict(dict)
        self._on_last_closed = on_last_closed

    def __contains__(self, user_id: int) -> bool:
        return user_id in self._watches

    def users(self) -> list[int]:
        return list(self._watches)

    def add(self, user_id: int, on_change: Listener | None) -> Watch:
        watch = Watch(lambda closed: self._remove(user_id, closed))
        self._watches[user_id][watch] = on_change
        return watch

    def listeners(self, user_id: int) -> list[Listener]:
        """Whom to tell that the user's data changed."""
        return [listener for listener in self._watches.get(user_id, {}).values() if listener]

    def _remove(self, user_id: int, watch: Watch) -> None:
        del self._watches[user_id][watch]
        if not self._watches[user_id]:
            del self._watches[user_id]
            self._on_last_closed(user_id)
