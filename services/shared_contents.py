"""The contents of boards, kept so that they are encoded once for all who are sent them."""

from __future__ import annotations

from services.dashboard import Numbers
from services.last_known import LastKnown
from services.query import DashboardQuery, asks_for_everything
from services.schemas import Alert
from services.snapshots import Contents

SHARED = 20_000
"""Users and queries whose contents are kept."""


class SharedContents:
    """The last contents of each user and query."""

    def __init__(self) -> None:
        self._known: LastKnown[Contents] = LastKnown(size=SHARED)

    def of(
        self,
        user_id: int,
        query: DashboardQuery,
        numbers: Numbers,
        alerts: tuple[Alert, ...],
        *,
        refreshing: bool = False,
    ) -> Contents:
        """The contents made of these parts: the very ones that are kept, if those are equal."""
        # nearly all look at everything: a query is slow to hash, and a key of two takes room
        key = user_id if asks_for_everything(query) else (user_id, query)
        known = self._known.get(key)
        if known and known.is_of(numbers, alerts, refreshing=refreshing):
            return known
        contents = Contents(user_id=user_id, numbers=numbers, alerts=alerts, refreshing=refreshing)
        self._known.put(key, contents)
        return contents

    def forget(self, user_id: int) -> None:
        """Nobody watches the user any more."""
        self._known.drop(user_id)
