"""What one tab shows: while nothing of it can have changed, a look brings no more than the time."""

from __future__ import annotations

from datetime import datetime

from app.pages.board_services import BoardHub
from services.query import DashboardQuery


class BoardStanding:
    """Remembers what all that is shown follows from: the query, the user's state, and the contents it came with."""

    def __init__(self, hub: BoardHub, user_id: int) -> None:
        self._hub = hub
        self._user_id = user_id
        self._shown: tuple[DashboardQuery, object, object] | None = None

    @property
    def state(self) -> object | None:
        """The user's, as the last look told it: another object as soon as anything of the user has changed."""
        seen = self._hub.seen(self._user_id)
        return seen.state if seen else None

    def shown(self, query: DashboardQuery, *, state: object | None, contents: object) -> None:
        """All of it is shown.

        :param state: from before it was asked for: what came later may be in one part of it and not in another.
        """
        self._shown = (query, state, contents)

    def forget(self) -> None:
        """Something else is shown, or is to be."""
        self._shown = None

    def as_of(self, query: DashboardQuery) -> datetime | None:
        """When it was last known that all that is shown is still so; ``None``: it has to be asked for."""
        if self._shown is None:
            return None
        asked, state, contents = self._shown
        # whatever is chosen makes another query, though it may be equal to one before
        if query is not asked or state is None or self.state is not state:
            return None
        snapshot = self._hub.ready(self._user_id, query)
        return snapshot.as_of if snapshot and snapshot.contents is contents else None
