"""The charts of users without any filter, read for all who ask at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlmodel import Session

from services.calendar import day_number, day_start, time_zone
from services.coalescing import Coalescing
from services.database import Database
from services.last_known import LastKnown
from services.recent_many import earliest_of_new
from services.rollup_charts_many import ANEW, rollup_charts_of_many
from services.schemas import Charts
from services.scores import RiskBands
from services.snoozes import with_snoozed
from services.user_states import UserState, user_states

KNOWN = 2_000
"""Users whose last charts are kept: whoever has a page open looks at them again at each beat."""

FEW = 1_000
"""New predictions that are looked at to find out of which days they are."""


class Ask(NamedTuple):
    user_id: int
    today: date
    """In the user's zone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A user's charts as of one state of the database."""

    revision: int
    arrivals: int
    time_zone: str
    today: date
    charts: Charts

    def answers(self, state: UserState, today: date) -> bool:
        """Whether it is what a user who is in that state sees on that day."""
        return self.revision >= state.revision and self.time_zone == state.time_zone and self.today == today

    def goes_on(self, state: UserState, today: date) -> bool:
        """Whether few predictions came since, on that same day, and none that were there before changed."""
        same = state.rewritten <= self.revision and self.time_zone == state.time_zone and self.today == today
        return same and state.arrivals - self.arrivals <= FEW


class SharedCharts:
    """The latest charts of each user; those who ask at the same time share the statements that answer them."""

    def __init__(self, database: Database, *, bands: RiskBands) -> None:
        self._database = database
        self._bands = bands
        self._known: LastKnown[Drawn] = LastKnown(size=KNOWN)
        self._reads: Coalescing[Ask, Drawn] = Coalescing(self._read, name='charts')

    async def get(self, state: UserState, today: date) -> Charts | None:
        """The charts of a user as of a state or later; ``None``: the rollups do not know them, or somebody is snoozed.

        :raises Unavailable: the database does not answer.
        """
        if not state.has_rollups(self._bands):
            return None
        known = self._known.get(state.user_id)
        if known is None or not known.answers(state, today):
            known = await self._reads.get(Ask(state.user_id, today))
        return known.charts if known else None

    def forget(self, user_id: int) -> None:
        """Nobody looks at the user any more."""
        self._known.drop(user_id)

    async def _read(self, asks: Collection[Ask]) -> dict[Ask, Drawn]:
        known = {ask.user_id: self._known.get(ask.user_id) for ask in asks}
        found = await self._database.read(lambda session: self._drawn(session, asks, known))
        for ask, drawn in found.items():
            before = self._known.get(ask.user_id)
            if before is None or before.revision <= drawn.revision:
                self._known.put(ask.user_id, drawn)
        return found

    def _drawn(self, session: Session, asks: Collection[Ask], known: Mapping[int, Drawn | None]) -> dict[Ask, Drawn]:
        """In one transaction, so that all of it is of one state."""
        states = user_states(session, {ask.user_id for ask in asks})
        days: defaultdict[date, list[int]] = defaultdict(list)
        for user_id, today in asks:
            if user_id in states and states[user_id].has_rollups(self._bands):
                days[today].append(user_id)
        return {
            Ask(user_id, today): Drawn(
                revision=states[user_id].revision,
                arrivals=states[user_id].arrivals,
                time_zone=states[user_id].time_zone,
                today=today,
                charts=charts,
            )
            for today, users in days.items()
            if (awake := set(users) - with_snoozed(session, users, day_number(today)))
            for user_id, charts in rollup_charts_of_many(
                session, awake, today, self._bands, standing=_standing(session, awake, today, known, states)
            ).items()
        }


def _standing(
    session: Session,
    user_ids: Collection[int],
    today: date,
    known: Mapping[int, Drawn | None],
    states: Mapping[int, UserState],
) -> dict[int, Charts]:
    """The charts of users of whom nothing came since but predictions of the last days."""
    kept = {
        user_id: drawn
        for user_id in user_ids
        if (drawn := known.get(user_id)) and drawn.goes_on(states[user_id], today)
    }
    spans = {user_id: (drawn.arrivals, states[user_id].arrivals) for user_id, drawn in kept.items()}
    earliest = earliest_of_new(session, spans)
    since = today - timedelta(days=ANEW - 1)
    return {
        user_id: drawn.charts
        for user_id, drawn in kept.items()
        if user_id not in earliest or earliest[user_id] >= day_start(since, time_zone(drawn.time_zone))
    }
