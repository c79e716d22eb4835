"""What the board and the alerts need of a user without any filter, read for many users at once.

Only the rollups and the newest predictions are read, so that nobody's long history holds up the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from sys import intern
from typing import NamedTuple

from sqlmodel import Session

from services.aggregates import Aggregates
from services.alert_rules import AlertFacts
from services.alert_states import Active, active_alerts
from services.clock import Clock, from_micros
from services.coalescing import Coalescing
from services.dashboard import Numbers
from services.database import Database
from services.last_known import LastKnown
from services.metrics import metrics, trends
from services.recent import Recent
from services.recent_many import recent_many
from services.rollup_reads import RollupSums, Span, sums_of_many
from services.sample_users import with_sample
from services.scores import RiskBands
from services.user_states import UserState, user_states

KNOWN = 20_000
"""Users whose last overview is kept: the next one is read as its difference."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """A user's numbers, and what the alert rules look at, as of one state of the database."""

    user_id: int
    revision: int
    arrivals: int
    time_zone: str
    today: date
    numbers: Numbers
    facts: AlertFacts
    alerts: Active
    """Those that were active."""

    def answers(self, state: UserState, today: date) -> bool:
        """Whether it is what a user who is in that state sees on that day."""
        return self.revision >= state.revision and self.time_zone == state.time_zone and self.today == today


class Ask(NamedTuple):
    user_id: int
    today: date
    """In the user's zone."""


class Overviews:
    """The latest overview of each user; those who ask at the same time share the statements that answer them."""

    def __init__(self, database: Database, *, bands: RiskBands, clock: Clock) -> None:
        self._database = database
        self._bands = bands
        self._clock = clock
        self._known: LastKnown[Overview] = LastKnown(size=KNOWN)
        self._reads: Coalescing[Ask, Overview] = Coalescing(self._read, name='overviews')

    def ready(self, state: UserState, today: date) -> Overview | None:
        """The overview of a user, if it is known already."""
        known = self._known.get(state.user_id)
        return known if known and known.answers(state, today) else None

    async def get(self, state: UserState, today: date) -> Overview | None:
        """The overview of a user as of a state or later; ``None``: the rollups do not know it.

        :raises Unavailable: the database does not answer.
        """
        if not state.has_rollups(self._bands):
            return None
        return self.ready(state, today) or await self._reads.get(Ask(state.user_id, today))

    async def prepare(self, days: Mapping[UserState, date]) -> None:
        """Have the overviews of these users, each on its day, ready."""
        asks = [
            Ask(state.user_id, today)
            for state, today in days.items()
            if state.has_rollups(self._bands) and not self.ready(state, today)
        ]
        if asks:
            await self._read(asks)

    def forget(self, user_id: int) -> None:
        """Nobody looks at the user any more."""
        self._known.drop(user_id)

    async def _read(self, asks: Collection[Ask]) -> dict[Ask, Overview]:
        known = {ask.user_id: self._known.get(ask.user_id) for ask in asks}
        now = self._clock()
        found = await self._database.read(lambda session: self._overviews(session, asks, known, now))
        for ask, overview in found.items():
            before = self._known.get(ask.user_id)
            if before is None or before.revision <= overview.revision:
                self._known.put(ask.user_id, overview)
        return found

    def _overviews(
        self, session: Session, asks: Collection[Ask], known: Mapping[int, Overview | None], now: datetime
    ) -> dict[Ask, Overview]:
        """In one transaction, so that all of it is of one state."""
        states = user_states(session, {ask.user_id for ask in asks})
        usable = [ask for ask in asks if ask.user_id in states and states[ask.user_id].has_rollups(self._bands)]
        ids = {ask.user_id for ask in usable}
        arrivals = {user_id: states[user_id].arrivals for user_id in ids}
        recent = recent_many(session, arrivals, _unchanged(known, states), bands=self._bands)
        samples = with_sample(session, ids)
        alerts = active_alerts(session, ids)
        days: defaultdict[date, list[int]] = defaultdict(list)
        for ask in usable:
            days[ask.today].append(ask.user_id)
        overviews: dict[Ask, Overview] = {}
        for today, users in days.items():
            span = Span.everything(today)
            sums = sums_of_many(session, users, span)
            for user_id in users:
                state = states[user_id]
                overviews[Ask(user_id, today)] = Overview(
                    user_id=user_id,
                    revision=state.revision,
                    arrivals=state.arrivals,
                    time_zone=intern(state.time_zone),
                    today=today,
                    numbers=_numbers(sums[user_id].aggregates, recent[user_id], has_sample=user_id in samples),
                    facts=_facts(sums[user_id], recent[user_id], today, now),
                    alerts=alerts.get(user_id, ()),
                )
        return overviews


def _numbers(sums: Aggregates, recent: Recent, *, has_sample: bool) -> Numbers:
    return Numbers(metrics=metrics(sums), trends=trends(sums), recent=recent, has_sample=has_sample)


def _unchanged(known: Mapping[int, Overview | None], states: Mapping[int, UserState]) -> dict[int, tuple[Recent, int]]:
    """The newest predictions of users of whom nothing but new ones came since, and up to which arrival."""
    return {
        user_id: (overview.numbers.recent, overview.arrivals)
        for user_id, overview in known.items()
        if overview and user_id in states and states[user_id].rewritten <= overview.revision
    }


def _facts(sums: RollupSums, recent: Recent, today: date, now: datetime) -> AlertFacts:
    newest = recent.newest_at
    return AlertFacts(
        now=now,
        today=today,
        customers=sums.aggregates.customers.count,
        customers_high=sums.high_risk.now,
        week=sums.aggregates.week,
        week_before=sums.aggregates.week_before,
        newly_high=sums.high_risk.became,
        newest=None if newest is None else from_micros(newest),
    )
