"""LiveHub: who watches what, what changed, the beat, and the snapshots everybody shares."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlmodel import Session

from services.alert_rules import STALE
from services.alerts import Alerts, Evaluation
from services.clock import Clock
from services.dashboard import Dashboard
from services.database import Database
from services.errors import ChurnboardError, InvalidToken
from services.query import DashboardQuery
from services.schemas import Alert, Charts
from services.selection import Selection
from services.snapshots import SingleFlightCache, Snapshot
from services.user_states import UserState, user_states

T = TypeVar('T')

Listener = Callable[[], Awaitable[None]]

log = logging.getLogger(__name__)

CACHED = 2_000
EVERYTHING = DashboardQuery()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A user's state, and when it was read."""

    state: UserState
    at: datetime


class Watch:
    """Somebody looks at a user's board until this is closed."""

    def __init__(self, close: Callable[[Watch], None]) -> None:
        self._close: Callable[[Watch], None] | None = close

    def close(self) -> None:
        """Closing twice is the same as once."""
        if self._close:
            self._close(self)
            self._close = None


class LiveHub:
    """Computes once for all readers of a user and query, and learns of changes made by any process.

    Users that are watched are looked at once a beat, in one query; others when somebody asks.
    """

    def __init__(
        self, database: Database, dashboard: Dashboard, alerts: Alerts, *, clock: Clock, refresh_seconds: float
    ) -> None:
        self.refresh_seconds = refresh_seconds
        self._database = database
        self._dashboard = dashboard
        self._alerts = alerts
        self._clock = clock
        self._watchers: Counter[int] = Counter()
        self._seen: dict[int, Seen] = {}
        self._newest: dict[int, datetime | None] = {}
        self._alert_ids: dict[int, set[str]] = {}
        self._cache = SingleFlightCache(size=CACHED)
        self._on_change: defaultdict[int, dict[Watch, Listener]] = defaultdict(dict)
        self._on_beat: list[Callable[[], Awaitable[None]]] = []
        self._on_arrivals: list[Callable[[UserState, UserState], Awaitable[None]]] = []
        self._on_alert: list[Callable[[int, Alert], Awaitable[None]]] = []

    def watch(self, user_id: int, *, on_change: Listener | None = None) -> Watch:
        """Look at a user's board from now on.

        :param on_change: called when the user's data changed; must return at once.
        """
        watch = Watch(partial(self._unwatch, user_id))
        self._watchers[user_id] += 1
        if on_change:
            self._on_change[user_id][watch] = on_change
        return watch

    def watched(self) -> list[int]:
        return list(self._watchers)

    def state(self, user_id: int) -> UserState | None:
        """The user's state as of the last look, if there was one."""
        seen = self._seen.get(user_id)
        return seen.state if seen else None

    def on_beat(self, listener: Callable[[], Awaitable[None]]) -> None:
        """Call ``listener`` at each beat, after the database was looked at."""
        self._on_beat.append(listener)

    def on_arrivals(self, listener: Callable[[UserState, UserState], Awaitable[None]]) -> None:
        """Call ``listener(before, now)`` when a watched user has new predictions."""
        self._on_arrivals.append(listener)

    def on_alert(self, listener: Callable[[int, Alert], Awaitable[None]]) -> None:
        """Call ``listener(user_id, alert)`` when an alert of a user starts."""
        self._on_alert.append(listener)

    async def snapshot(self, user_id: int, query: DashboardQuery) -> Snapshot:
        """What the user sees of the query now.

        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """
        seen = await self._current(user_id)
        selection = self._selection(seen.state, query)
        evaluation = await self._evaluation(seen.state)
        key = ('numbers', user_id, query, seen.state.revision, selection.today, selection.zone.key)
        numbers = await self._cache.get(key, lambda: self._read(self._dashboard.numbers, selection))
        return Snapshot(user_id=user_id, numbers=numbers, alerts=evaluation.active, as_of=seen.at)

    async def charts(self, user_id: int, query: DashboardQuery) -> Charts:
        """What the page shows beside the snapshot; raises as :meth:`snapshot`."""
        seen = await self._current(user_id)
        selection = self._selection(seen.state, query)
        key = ('charts', user_id, query, seen.state.revision, selection.today, selection.zone.key)
        return await self._cache.get(key, lambda: self._read(self._dashboard.charts, selection))

    async def check_user(self, user_id: int) -> None:
        """:raises InvalidToken: there is no such user any more, or it may not sign in."""
        await self._current(user_id)

    async def notice(self, user_id: int) -> None:
        """This process committed a change of the user: look at once, not at the next beat."""
        if user_id in self._watchers:
            await self._look([user_id])

    async def beat(self) -> None:
        """Look at all watched users, then let everybody else do what they do at a beat."""
        await self._look(self.watched())
        for user_id in self.watched():
            seen = self._seen.get(user_id)
            if seen and not seen.state.disabled:
                await self._evaluation(seen.state)
        for listener in self._on_beat:
            await self._tell(listener())

    async def run(self) -> None:
        """Beat for ever, every ``refresh_seconds``; a beat that fails is logged and the next one tried."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self.refresh_seconds, loop.time())  # after a stand-still one beat, not many
            await asyncio.sleep(due - loop.time())
            try:
                await self.beat()
            except ChurnboardError as error:
                log.warning('A beat was missed: %s', error.message)

    def _unwatch(self, user_id: int, watch: Watch) -> None:
        self._watchers[user_id] -= 1
        self._on_change[user_id].pop(watch, None)
        if not self._watchers[user_id]:
            del self._watchers[user_id]
            del self._on_change[user_id]
            self._seen.pop(user_id, None)
            self._newest.pop(user_id, None)
            self._alert_ids.pop(user_id, None)

    async def _current(self, user_id: int) -> Seen:
        """A watched user's state is at most a beat old; that of others is read anew."""
        seen = self._seen.get(user_id) if user_id in self._watchers else None
        if seen is None:
            seen = (await self._look([user_id])).get(user_id)
        if seen is None or seen.state.disabled:
            raise InvalidToken
        return seen

    async def _look(self, user_ids: list[int]) -> dict[int, Seen]:
        if not user_ids:
            return {}
        at = self._clock()
        states = await self._database.read(lambda session: user_states(session, user_ids))
        found = {user_id: Seen(state=state, at=at) for user_id, state in states.items()}
        for user_id in user_ids:
            if user_id in self._watchers:
                await self._remember(user_id, found.get(user_id))
        return found

    async def _remember(self, user_id: int, seen: Seen | None) -> None:
        before = self._seen.get(user_id)
        if seen is None:
            self._seen.pop(user_id, None)
            return
        if before and before.state.revision > seen.state.revision:
            return  # a look that began earlier came back later
        self._seen[user_id] = seen
        if before and seen.state.arrivals > before.state.arrivals:
            for announce in self._on_arrivals:
                await self._tell(announce(before.state, seen.state))
        if before and seen.state.revision > before.state.revision:
            for listener in list(self._on_change[seen.state.user_id].values()):
                await self._tell(listener())

    async def _evaluation(self, state: UserState) -> Evaluation:
        """Alerts are decided anew when the data, the day or the silence of the data changes."""
        selection = self._selection(state, EVERYTHING)
        now = self._clock()
        newest = self._newest.get(state.user_id)
        silent = newest is not None and now - newest > STALE
        key = ('alerts', state.user_id, state.revision, selection.today, selection.zone.key, silent)
        return await self._cache.get(key, lambda: self._evaluate(selection, now))

    async def _evaluate(self, selection: Selection, now: datetime) -> Evaluation:
        evaluation = await self._database.run(lambda: self._alerts.evaluate(selection, now))
        user_id = selection.user_id
        known = self._alert_ids.get(user_id)
        # one that another process started is news to our clients, too
        started = evaluation.started if known is None else [a for a in evaluation.active if a.id not in known]
        if user_id in self._watchers:
            self._newest[user_id] = evaluation.newest
            self._alert_ids[user_id] = {alert.id for alert in evaluation.active}
            for alert in started:
                for listener in self._on_alert:
                    await self._tell(listener(user_id, alert))
        return evaluation

    def _selection(self, state: UserState, query: DashboardQuery) -> Selection:
        return self._dashboard.selection(state.user_id, query, zone=state.time_zone, now=self._clock())

    async def _read(self, compute: Callable[[Session, Selection], T], selection: Selection) -> T:
        return await self._database.read(lambda session: compute(session, selection))

    @staticmethod
    async def _tell(listener: Awaitable[None]) -> None:
        try:
            await listener
        except Exception:
            log.exception('A listener of the hub failed; the others go on')
