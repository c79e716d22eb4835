"""LiveHub: who watches what, what changed, the beat, and the snapshots everybody shares."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import nullcontext
from datetime import date, datetime

from services.alert_watch import AlertWatch
from services.alerts import Alerts, Evaluation
from services.answers import Answers, Patience
from services.clock import Clock
from services.dashboard import Dashboard
from services.database import Database
from services.lane import Lane
from services.listeners import tell
from services.looks import Looks, OnAccess, OnChange, Seen
from services.overviews import Overview, Overviews
from services.query import EVERYTHING, DashboardQuery, asks_for_everything
from services.schemas import Alert, Charts
from services.selection import Selection
from services.shared_charts import SharedCharts
from services.shared_contents import SharedContents
from services.snapshots import Contents, Snapshot
from services.standing_boards import StandingBoards
from services.turns import Turn
from services.user_lookup import UserLookup
from services.user_states import KnownState, UserState
from services.watchers import Listener, Watch, Watchers

PHASE_SECONDS = 0.5
"""A beat is divided into moments so far apart, and the users are spread over them."""

DECIDED_AT_ONCE = 3
"""Users without rollups whose alerts are decided at a time: fewer than there are connections to the database."""

PATIENCE = Patience()

OnUsers = Callable[[Collection[int]], Awaitable[None]]


class LiveHub:
    """Computes once for all readers of a user and query, and learns of changes made by any process.

    Users that are watched are looked at twice a beat, many in one query; others when somebody asks.
    """

    def __init__(
        self,
        database: Database,
        dashboard: Dashboard,
        alerts: Alerts,
        *,
        clock: Clock,
        refresh_seconds: float,
        users: UserLookup | None = None,
        patience: Patience = PATIENCE,
        lane: Lane | None = None,
    ) -> None:
        """:param users: whoever else looks users up may share it, as the ``lane``, which is closed with the hub."""
        self.refresh_seconds = refresh_seconds
        self.phases = max(1, round(refresh_seconds / PHASE_SECONDS))
        self._dashboard = dashboard
        self._alerts = AlertWatch(database, alerts, clock=clock)
        self._clock = clock
        self._watchers = Watchers(self._forget, phases=self.phases)
        self._looks = Looks(users or UserLookup(database), self._watchers, clock=clock)
        self._looks.on_change(self._tell_watchers)
        self._overviews = Overviews(database, bands=dashboard.bands, clock=clock)
        self._answers = Answers(database, dashboard, lane=lane or Lane(), patience=patience)
        self._charts = SharedCharts(database, bands=dashboard.bands)
        self._standing = StandingBoards()
        self._shared = SharedContents()
        self._on_beat: list[OnUsers] = []
        self._without_overview = asyncio.Semaphore(DECIDED_AT_ONCE)

    def watch(self, user_id: int, *, on_change: Listener | None = None) -> Watch:
        """Look at a user's board from now on.

        :param on_change: called when the user's data changed; must return at once.
        """
        return self._watchers.add(user_id, on_change)

    def watched(self) -> list[int]:
        return self._watchers.users()

    def watched_at(self, phase: int) -> Turn:
        """The watched users whose turn comes at a moment of the beat, 0 to ``phases - 1``."""
        return self._watchers.at(phase)

    def seen(self, user_id: int) -> Seen | None:
        """What the last look told of a watched user; ``None`` before the first one came back."""
        return self._looks.seen(user_id)

    @property
    def access_changes(self) -> int:
        """As :attr:`Looks.access_changes`."""
        return self._looks.access_changes

    @property
    def away(self) -> bool:
        """Whether the database did not answer the last look."""
        return self._looks.away

    def on_beat(self, listener: OnUsers) -> None:
        """Call ``listener(user_ids)`` at each beat of these users, after the database was looked at."""
        self._on_beat.append(listener)

    def on_change(self, listener: OnChange) -> None:
        """Call ``listener(before, now)`` when a watched user's data changed."""
        self._looks.on_change(listener)

    def on_access(self, listener: OnAccess) -> None:
        """As :meth:`Looks.on_access`."""
        self._looks.on_access(listener)

    def on_alert(self, listener: Callable[[int, Alert], Awaitable[None]]) -> None:
        """Call ``listener(user_id, alert)`` when an alert of a watched user starts."""
        self._alerts.on_start(listener)

    async def snapshot(self, user_id: int, query: DashboardQuery, *, known: KnownState | None = None) -> Snapshot:
        """What the user sees of the query now.

        :param known: what was read of the user for this very question, if it was.
        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer, or it takes long and nothing earlier is known.
        """
        state, at = await self._looks.current(user_id, known=known)
        if standing := self.ready(user_id, query):
            return standing
        everything = self._selection(state, EVERYTHING)
        overview = await self._overviews.get(state, everything.today)
        alerts = await self._alerts.active(
            state, everything, watched=lambda: user_id in self._watchers, overview=overview
        )
        if overview and asks_for_everything(query):
            return Snapshot(contents=self._shared.of(user_id, query, overview.numbers, alerts), as_of=at)
        answer = await self._answers.numbers(self._selection(state, query), state.revision, at)
        contents = self._shared.of(user_id, query, answer.value, alerts, refreshing=answer.refreshing)
        return Snapshot(contents=contents, as_of=answer.as_of)

    def standing(self, user_id: int) -> Contents | None:
        """What a watched user sees without any filter, if nothing has changed since it was worked out."""
        state = self._looks.present(user_id)
        return self._standing.contents(state, self._clock()) if state else None

    def ready(self, user_id: int, query: DashboardQuery) -> Snapshot | None:
        """The same as :meth:`snapshot` of a watched user, if nothing has to be worked out for it."""
        seen, state = self._looks.seen(user_id), self._looks.present(user_id)
        if seen is None or state is None or not asks_for_everything(query):
            return None
        contents = self._standing.contents(state, self._clock()) or self._worked_out(state)
        return Snapshot(contents=contents, as_of=seen.at) if contents else None

    async def charts(self, user_id: int, query: DashboardQuery) -> Charts:
        """What the page shows beside the snapshot; raises as :meth:`snapshot`."""
        state, at = await self._looks.current(user_id)
        if asks_for_everything(query) and (charts := await self._charts.get(state, self._today(state))):
            return charts
        return (await self._answers.charts(self._selection(state, query), state.revision, at)).value

    async def check_user(self, user_id: int) -> None:
        """:raises InvalidToken: there is no such user any more, or it may not sign in."""
        await self._looks.current(user_id)

    async def notice(self, user_id: int) -> None:
        """This process committed a change of the user: look at once. What fails here, the next beat repairs."""
        if user_id in self._watchers:
            await tell(self._looks.look_at([user_id]))

    async def look(self) -> None:
        """Look at all watched users in one query, and tell those whom a change concerns."""
        await self._looks.look(self.watched())

    async def beat(self, users: Collection[int], *, also: Collection[int] = ()) -> list[int]:
        """Look at these users, work out what they see now, and let others do what they do then.

        :param also: users that are only looked at.
        :returns: those whose alerts are to be decided by :meth:`evaluate`.
        """
        await self._looks.look(users, also)
        now = self._clock()
        restless = users.restless(now) if isinstance(users, Turn) else users
        present = [state for user_id in restless if (state := self._looks.present(user_id))]
        days = {state: self._today(state) for state in present if not self._rests(state, now)}
        await tell(self._overviews.prepare(days))
        undecided = [state.user_id for state, today in days.items() if not self._settled(state, today)]
        for listener in self._on_beat:
            await tell(listener(users))
        return undecided

    async def evaluate(self, user_id: int) -> None:
        """Decide a user's alerts, however long that takes."""
        if state := self._looks.present(user_id):
            selection = self._selection(state, EVERYTHING)
            overview = await self._overviews.get(state, selection.today)
            async with nullcontext() if overview else self._without_overview:
                await self._alerts.active(
                    state, selection, watched=lambda: user_id in self._watchers, overview=overview
                )

    def close(self) -> None:
        """Work out nothing more."""
        self._answers.close()

    def _worked_out(self, state: UserState) -> Contents | None:
        """What was worked out for a user in that state, if it was; it stands from now on."""
        today = self._today(state)
        overview, decided = self._overviews.ready(state, today), self._alerts.ready(state, today)
        return self._stand(state, overview, decided) if overview and decided else None

    def _stand(self, state: UserState, overview: Overview, decided: Evaluation) -> Contents:
        contents, now = self._shared.of(state.user_id, EVERYTHING, overview.numbers, decided.active), self._clock()
        self._standing.put(state, contents, decided, day_ends=self._dashboard.day_ends(state.time_zone, now))
        self._rests(state, now)
        return contents

    def _rests(self, state: UserState, now: datetime) -> bool:
        """Whether the board of a user in that state stands; if it is the present one, the turn passes it by so long."""
        until = self._standing.until(state, now)
        if until and self._looks.present(state.user_id) is state:  # another look may have come back meanwhile
            self._watchers.turn_of(state.user_id).rest(state.user_id, until=until)
        return until is not None

    def _settled(self, state: UserState, today: date) -> bool:
        """Whether it is known what a user sees on a day; it stands from now on."""
        overview = self._overviews.ready(state, today)
        if overview and (decided := self._alerts.settle(state, today, overview)):
            self._stand(state, overview, decided)
            return True
        return False

    async def _tell_watchers(self, _before: UserState, now: UserState) -> None:
        for listener in self._watchers.listeners(now.user_id):
            await tell(listener())

    def _forget(self, user_id: int) -> None:
        self._looks.forget(user_id)
        self._overviews.forget(user_id)
        self._charts.forget(user_id)
        self._alerts.forget(user_id)
        self._standing.forget(user_id)
        self._shared.forget(user_id)

    def _today(self, state: UserState) -> date:
        return self._dashboard.today(state.time_zone, self._clock())

    def _selection(self, state: UserState, query: DashboardQuery) -> Selection:
        return self._dashboard.selection(state.user_id, query, zone=state.time_zone, now=self._clock())
