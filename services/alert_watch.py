"""When a user's alerts are decided anew, and who is told that one started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from services.alert_rules import STALE
from services.alerts import Alerts, Evaluation
from services.clock import Clock
from services.database import Database
from services.listeners import tell
from services.schemas import Alert
from services.selection import Selection
from services.snapshots import SingleFlightCache

CACHED = 2_000
NEWS = timedelta(seconds=30)
"""For how long an alert that started while nobody looked is news to somebody who begins to look."""


class AlertWatch:
    """Alerts are decided when the data, the day or the silence of the data changes, once for all who ask."""

    def __init__(self, database: Database, alerts: Alerts, *, clock: Clock) -> None:
        self._database = database
        self._alerts = alerts
        self._clock = clock
        self._cache = SingleFlightCache(size=CACHED)
        self._known: dict[int, set[str]] = {}
        self._listeners: list[Callable[[int, Alert], Awaitable[None]]] = []

    def on_start(self, listener: Callable[[int, Alert], Awaitable[None]]) -> None:
        """Call ``listener(user_id, alert)`` when an alert of a watched user starts, whoever started it."""
        self._listeners.append(listener)

    def forget(self, user_id: int) -> None:
        """Nobody watches the user any more."""
        self._known.pop(user_id, None)

    async def active(self, selection: Selection, revision: int, *, watched: bool) -> tuple[Alert, ...]:
        """The user's alerts now.

        :param selection: of all the user's data.
        :raises Unavailable: the database does not answer.
        """
        evaluation = await self._decided(selection, revision, silent=False)
        if _silent(evaluation, self._clock()) and not _silent(evaluation, evaluation.at):
            evaluation = await self._decided(selection, revision, silent=True)
        if watched:
            await self._announce(selection.user_id, evaluation)
        return evaluation.active

    async def _decided(self, selection: Selection, revision: int, *, silent: bool) -> Evaluation:
        key = (selection.user_id, revision, selection.today, selection.zone.key, silent)
        evaluation = await self._cache.get(key, lambda: self._evaluate(selection))
        if not evaluation.complete:
            self._cache.forget(key)
        return evaluation

    async def _evaluate(self, selection: Selection) -> Evaluation:
        now = self._clock()
        return await self._database.run(lambda: self._alerts.evaluate(selection, now))

    async def _announce(self, user_id: int, evaluation: Evaluation) -> None:
        active = {alert.id: alert for alert in evaluation.active}
        known = self._known.get(user_id)
        if known is None:
            news = evaluation.started if self._clock() - evaluation.at < NEWS else ()
            known = active.keys() - {alert.id for alert in news}
        self._known[user_id] = set(active)
        for started in active.keys() - known:
            for listener in self._listeners:
                await tell(listener(user_id, active[started]))


def _silent(evaluation: Evaluation, now: datetime) -> bool:
    return evaluation.newest is not None and now - evaluation.newest > STALE
