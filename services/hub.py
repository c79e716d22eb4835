"""LiveHub: who watches what, what changed, the beat, and the snapshots everybody shares."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.alert_watch import AlertWatch
from services.alerts import Alerts
from services.answers import Answers, Patience
from services.clock import Clock
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidToken, Unavailable
from services.lane import Lane
from services.listeners import tell
from services.query import DashboardQuery
from services.schemas import Alert, Charts
from services.selection import Selection
from services.snapshots import Snapshot
from services.user_states import UserState, user_states
from services.watchers import Listener, Watch, Watchers

log = logging.getLogger(__name__)

AT_ONCE = 3
"""Users served at a time in a beat: fewer than there are connections to the database."""

EVERYTHING = DashboardQuery()
PATIENCE = Patience()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A user's state, and when it was read; no state: there is no such user."""

    state: UserState | None
    at: datetime


class LiveHub:
    """Computes once for all readers of a user and query, and learns of changes made by any process.

    Users that are watched are looked at once a beat, in one query; others when somebody asks.
    """

    def __init__(
        self,
        database: Database,
        dashboard: Dashboard,
        alerts: Alerts,
        *,
        clock: Clock,
        refresh_seconds: float,
        patience: Patience = PATIENCE,
    ) -> None:
        self.refresh_seconds = refresh_seconds
        self._database = database
        self._dashboard = dashboard
        self._alerts = AlertWatch(database, alerts, clock=clock)
        self._clock = clock
        self._watchers = Watchers(self._forget)
        self._seen: dict[int, Seen] = {}
        self._away: Unavailable | None = None
        """Why the last look failed, while it did."""
        self._answers = Answers(database, dashboard, lane=Lane(), patience=patience)
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._on_beat: list[Listener] = []
        self._on_user_beat: list[Callable[[int], Awaitable[None]]] = []
        self._on_arrivals: list[Callable[[UserState, UserState], Awaitable[None]]] = []

    def watch(self, user_id: int, *, on_change: Listener | None = None) -> Watch:
        """Look at a user's board from now on.

        :param on_change: called when the user's data changed; must return at once.
        """
        return self._watchers.add(user_id, on_change)

    def watched(self) -> list[int]:
        return self._watchers.users()

    def seen(self, user_id: int) -> Seen | None:
        """What the last look told of a watched user; ``None`` before the first one came back."""
        return self._seen.get(user_id)

    def on_beat(self, listener: Listener) -> None:
        """Call ``listener`` at each beat, after the database was looked at and before users are served."""
        self._on_beat.append(listener)

    def on_user_beat(self, listener: Callable[[int], Awaitable[None]]) -> None:
        """Call ``listener(user_id)`` for each watched user at each beat."""
        self._on_user_beat.append(listener)

    def on_arrivals(self, listener: Callable[[UserState, UserState], Awaitable[None]]) -> None:
        """Call ``listener(before, now)`` when a watched user has new predictions."""
        self._on_arrivals.append(listener)

    def on_alert(self, listener: Callable[[int, Alert], Awaitable[None]]) -> None:
        """Call ``listener(user_id, alert)`` when an alert of a watched user starts."""
        self._alerts.on_start(listener)

    async def snapshot(self, user_id: int, query: DashboardQuery) -> Snapshot:
        """What the user sees of the query now.

        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer, or it takes long and nothing earlier is known.
        """
        state, at = await self._current(user_id)
        alerts = await self._active_alerts(state)
        answer = await self._answers.numbers(self._selection(state, query), state.revision, at)
        return Snapshot(
            user_id=user_id, numbers=answer.value, alerts=alerts, as_of=answer.as_of, refreshing=answer.refreshing
        )

    async def charts(self, user_id: int, query: DashboardQuery) -> Charts:
        """What the page shows beside the snapshot; raises as :meth:`snapshot`."""
        state, at = await self._current(user_id)
        return (await self._answers.charts(self._selection(state, query), state.revision, at)).value

    async def check_user(self, user_id: int) -> None:
        """:raises InvalidToken: there is no such user any more, or it may not sign in."""
        await self._current(user_id)

    async def notice(self, user_id: int) -> None:
        """This process committed a change of the user: look at once. What fails here, the next beat repairs."""
        if user_id in self._watchers:
            await tell(self._look_at([user_id]))

    async def look(self) -> None:
        """Look at all watched users in one query, and tell those whom a change concerns."""
        try:
            await self._look_at(self.watched())
            self._away = None
        except Unavailable as error:
            self._away = error
            log.warning('The hub could not look at the database: %s', error.message)

    async def beat(self) -> None:
        """Look at all watched users, let others do what they do at a beat, then serve user by user.

        One that takes long holds up nobody: it is left to itself after a beat's time, and left out until it is done.
        """
        await self.look()
        for listener in self._on_beat:
            await tell(listener())
        for user_id in self.watched():
            if user_id not in self._busy:
                task = asyncio.create_task(self._serve(user_id), name=f'beat of user {user_id}')
                self._busy[user_id] = task
                task.add_done_callback(partial(self._done, user_id))
        if self._busy:
            await asyncio.wait(set(self._busy.values()), timeout=self.refresh_seconds)

    async def run(self) -> None:
        """Beat for ever, every ``refresh_seconds``.

        Half-way it looks, too: what another process committed is then known early enough to be painted within a beat.
        """
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            for turn in itertools.cycle((self.look, self.beat)):
                due = max(due + self.refresh_seconds / 2, loop.time())  # after a stand-still one beat, not many
                await asyncio.sleep(due - loop.time())
                await turn()
        finally:
            for task in list(self._busy.values()):
                task.cancel()

    def close(self) -> None:
        """Work out nothing more."""
        self._answers.close()

    async def _serve(self, user_id: int) -> None:
        async with self._at_once:
            await tell(self._evaluate(user_id))
            for listener in self._on_user_beat:
                await tell(listener(user_id))

    async def _evaluate(self, user_id: int) -> None:
        seen = self._seen.get(user_id)
        if seen and seen.state and not seen.state.disabled and not self._away:
            await self._active_alerts(seen.state)

    async def _active_alerts(self, state: UserState) -> tuple[Alert, ...]:
        selection = self._selection(state, EVERYTHING)
        watched = state.user_id in self._watchers
        return await self._alerts.active(selection, state.revision, watched=watched)

    def _done(self, user_id: int, _task: asyncio.Task[None]) -> None:
        del self._busy[user_id]

    def _forget(self, user_id: int) -> None:
        self._seen.pop(user_id, None)
        self._alerts.forget(user_id)

    async def _current(self, user_id: int) -> tuple[UserState, datetime]:
        """A watched user's state is at most a beat old; that of others is read anew."""
        if user_id in self._watchers:
            if self._away:
                raise self._away
            seen = self._seen.get(user_id)
            if seen is None:
                await self._look_at([user_id])
                seen = self._seen.get(user_id)
        else:
            seen = (await self._look([user_id]))[user_id]
        if seen is None or seen.state is None or seen.state.disabled:
            raise InvalidToken
        return seen.state, seen.at

    async def _look_at(self, user_ids: list[int]) -> None:
        """Look, and tell whom it concerns."""
        for user_id, seen in (await self._look(user_ids)).items():
            if user_id in self._watchers:
                await self._remember(user_id, seen)

    async def _look(self, user_ids: list[int]) -> dict[int, Seen]:
        if not user_ids:
            return {}
        at = self._clock()
        states = await self._database.read(lambda session: user_states(session, user_ids))
        return {user_id: Seen(state=states.get(user_id), at=at) for user_id in user_ids}

    async def _remember(self, user_id: int, seen: Seen) -> None:
        before = self._seen.get(user_id)
        if before and (before.at > seen.at or _revision(before) > _revision(seen)):
            return  # a look that began earlier came back later
        self._seen[user_id] = seen
        if not before or not before.state or not seen.state:
            return
        if seen.state.arrivals > before.state.arrivals:
            for announce in self._on_arrivals:
                await tell(announce(before.state, seen.state))
        if seen.state.revision > before.state.revision:
            for listener in self._watchers.listeners(user_id):
                await tell(listener())

    def _selection(self, state: UserState, query: DashboardQuery) -> Selection:
        return self._dashboard.selection(state.user_id, query, zone=state.time_zone, now=self._clock())


def _revision(seen: Seen) -> int:
    return seen.state.revision if seen.state else 0
