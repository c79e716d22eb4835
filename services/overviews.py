"""What the board and the alerts need of a user without any filter, read for many users at once.

Only the rollups and the newest predictions are read, so that nobody's long history holds up the others.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from sys import intern
from typing import NamedTuple

from services.aggregates import Aggregates
from services.alert_rules import AlertFacts
from services.alert_states import ACTIVE, Active, active_by_user
from services.clock import Clock, from_micros
from services.coalescing import Coalescing
from services.dashboard import Numbers
from services.database import Database
from services.last_known import LastKnown
from services.many_users import for_driver, users_parameter
from services.metrics import metrics, trends
from services.recent import Recent
from services.recent_many import RECENT_LISTS, KnownRecent, known_parameter, recent_by_user
from services.rollup_reads import RollupSums, Span, sum_lists, sums_by_user
from services.row_lists import listed, listing
from services.sample_users import SAMPLES
from services.scores import RiskBands
from services.user_states import STATES, UserState, states_by_id

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
        self._preparing: dict[Ask, asyncio.Task[dict[Ask, Overview]]] = {}

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
        if overview := self.ready(state, today):
            return overview
        ask = Ask(state.user_id, today)
        if preparing := self._preparing.get(ask):  # whoever is told of a change asks while the beat reads it
            await asyncio.wait({preparing})
        return self.ready(state, today) or await self._reads.get(ask)

    async def prepare(self, days: Mapping[UserState, date]) -> None:
        """Have the overviews of these users, each on its day, ready."""
        asks = [
            Ask(state.user_id, today)
            for state, today in days.items()
            if state.has_rollups(self._bands) and not self.ready(state, today)
        ]
        if asks:
            reading = asyncio.create_task(self._read(asks), name='overviews of a beat')
            self._preparing |= dict.fromkeys(asks, reading)
            try:
                await reading
            finally:
                reading.cancel()
                self._preparing = {ask: each for ask, each in self._preparing.items() if each is not reading}

    def forget(self, user_id: int) -> None:
        """Nobody looks at the user any more."""
        self._known.drop(user_id)

    async def _read(self, asks: Collection[Ask]) -> dict[Ask, Overview]:
        known = {ask.user_id: overview for ask in asks if (overview := self._known.get(ask.user_id))}
        now = self._clock()
        found = await self._database.run(lambda: self._overviews(asks, known, now))
        for ask, overview in found.items():
            before = self._known.get(ask.user_id)
            if before is None or before.revision <= overview.revision:
                self._known.put(ask.user_id, overview)
        return found

    def _overviews(self, asks: Iterable[Ask], known: Mapping[int, Overview], now: datetime) -> dict[Ask, Overview]:
        """Those of one day by one statement, so that each is of one state."""
        days: defaultdict[date, list[int]] = defaultdict(list)
        for user_id, today in asks:
            days[today].append(user_id)
        found: dict[Ask, Overview] = {}
        for today, users in days.items():
            overviews, anew = self._of_day(today, users, known, now)
            if anew:
                overviews |= self._of_day(today, anew, {}, now)[0]
            found |= {Ask(user_id, today): overview for user_id, overview in overviews.items()}
        return found

    def _of_day(
        self, today: date, users: Collection[int], known: Mapping[int, Overview], now: datetime
    ) -> tuple[dict[int, Overview], list[int]]:
        """The overviews, and the users of whom what is known is wrong; who has no rollups is in neither."""
        dialect = self._database.dialect
        before = {user_id: _recent(known[user_id]) for user_id in users if user_id in known}
        parameters = users_parameter(users, dialect) | known_parameter(users, before)
        rows = self._database.asked(_statement(Span.everything(today), dialect), parameters)
        listed_states, listed_samples, listed_alerts, days, customers, new, newest = listed(rows)
        states = {
            user_id: state for user_id, state in states_by_id(listed_states).items() if state.has_rollups(self._bands)
        }
        samples, alerts = {user_id for (user_id,) in listed_samples}, active_by_user(listed_alerts)
        sums = sums_by_user(states, days, customers)
        recent = recent_by_user(states, before, new, newest, bands=self._bands)
        overviews = {
            user_id: Overview(
                user_id=user_id,
                revision=state.revision,
                arrivals=state.arrivals,
                time_zone=intern(state.time_zone),
                today=today,
                numbers=_numbers(sums[user_id].aggregates, recent[user_id], has_sample=user_id in samples),
                facts=_facts(sums[user_id], recent[user_id], today, now),
                alerts=alerts.get(user_id, ()),
            )
            for user_id, state in states.items()
            if user_id in recent
        }
        return overviews, [user_id for user_id in states if user_id not in recent]


@lru_cache(maxsize=16)
def _statement(span: Span, dialect: str) -> str:
    """All that the overviews of ``:users`` are made of; of those of ``:known`` something is known."""
    lists = (STATES[dialect], SAMPLES[dialect], ACTIVE[dialect], *sum_lists(span, dialect), *RECENT_LISTS[dialect])
    return for_driver(for_driver(listing(lists, dialect), dialect), dialect, parameter='known')


def _recent(overview: Overview) -> KnownRecent:
    return KnownRecent(overview.numbers.recent, overview.arrivals, overview.revision)


def _numbers(sums: Aggregates, recent: Recent, *, has_sample: bool) -> Numbers:
    return Numbers(metrics=metrics(sums), trends=trends(sums), recent=recent, has_sample=has_sample)


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
