"""The charts of users without any filter, read for all who ask at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from services.calendar import day_number, day_start, time_zone
from services.coalescing import Coalescing
from services.database import Database
from services.last_known import LastKnown
from services.many_users import for_driver, users_parameter
from services.recent_many import earliest_of_new, known_parameter
from services.rollup_charts_many import ANEW, ChartRows, ReadCharts, chart_lists, charts_by_user
from services.row_lists import listed, listing
from services.schemas import Charts
from services.scores import RiskBands
from services.snoozes import snoozed_list
from services.user_states import STATES, UserState, states_by_id

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
    read: ReadCharts

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
        return known.read.charts if known else None

    def forget(self, user_id: int) -> None:
        """Nobody looks at the user any more."""
        self._known.drop(user_id)

    async def _read(self, asks: Collection[Ask]) -> dict[Ask, Drawn]:
        known = {ask.user_id: drawn for ask in asks if (drawn := self._known.get(ask.user_id))}
        found = await self._database.run(lambda: self._drawn(asks, known))
        for ask in asks:
            drawn, before = found.get(ask), self._known.get(ask.user_id)
            if drawn is None:
                self._known.drop(ask.user_id)  # of no use to the next one
            elif before is None or before.revision <= drawn.revision:
                self._known.put(ask.user_id, drawn)
        return found

    def _drawn(self, asks: Iterable[Ask], known: Mapping[int, Drawn]) -> dict[Ask, Drawn]:
        """Those of one day by one statement, so that each is of one state; another where what is known is no use."""
        days: defaultdict[date, list[int]] = defaultdict(list)
        for user_id, today in asks:
            days[today].append(user_id)
        found: dict[Ask, Drawn] = {}
        for today, users in days.items():
            before = {user_id: each for user_id in users if (each := known.get(user_id)) and each.today == today}
            charts = self._going_on(today, before)
            charts |= self._whole(today, [user_id for user_id in users if user_id not in charts])
            found |= {Ask(user_id, today): each for user_id, each in charts.items()}
        return found

    def _going_on(self, today: date, before: Mapping[int, Drawn]) -> dict[int, Drawn]:
        """The charts of users of whom nothing came since but predictions of the last days."""
        if not before:
            return {}
        dialect = self._database.dialect
        parameters = users_parameter(before, dialect) | known_parameter(before, before)
        rows = self._database.asked(_statement(today, self._bands, dialect, anew=True), parameters)
        states, snoozed, earliest, *lists = listed(rows)
        earliest_of, since = dict(earliest), today - timedelta(days=ANEW - 1)

        def goes_on(state: UserState) -> bool:
            drawn, earliest = before[state.user_id], earliest_of.get(state.user_id)
            return drawn.goes_on(state, today) and (
                earliest is None or earliest >= day_start(since, time_zone(drawn.time_zone))
            )

        going = {user_id: state for user_id, state in self._awake(states, snoozed).items() if goes_on(state)}
        standing = {user_id: before[user_id].read for user_id in going}
        return self._made(going, today, charts_by_user(going, ChartRows(*lists), today, self._bands, standing=standing))

    def _whole(self, today: date, users: Collection[int]) -> dict[int, Drawn]:
        if not users:
            return {}
        dialect = self._database.dialect
        statement = _statement(today, self._bands, dialect, anew=False)
        states, snoozed, *lists = listed(self._database.asked(statement, users_parameter(users, dialect)))
        awake = self._awake(states, snoozed)
        return self._made(awake, today, charts_by_user(awake, ChartRows(*lists), today, self._bands))

    def _awake(self, states: Iterable[Sequence[Any]], snoozed: Iterable[Sequence[int]]) -> dict[int, UserState]:
        """Those whose charts the rollups know."""
        with_snoozed = {user_id for (user_id,) in snoozed}
        return {
            user_id: state
            for user_id, state in states_by_id(states).items()
            if user_id not in with_snoozed and state.has_rollups(self._bands)
        }

    @staticmethod
    def _made(states: Mapping[int, UserState], today: date, charts: Mapping[int, ReadCharts]) -> dict[int, Drawn]:
        return {
            user_id: Drawn(
                revision=state.revision,
                arrivals=state.arrivals,
                time_zone=intern(state.time_zone),
                today=today,
                read=charts[user_id],
            )
            for user_id, state in states.items()
        }


@lru_cache(maxsize=16)
def _statement(today: date, bands: RiskBands, dialect: str, *, anew: bool) -> str:
    """All that the charts of ``:users`` are made of; with ``anew``, of ``:known`` the last days alone."""
    lists = (STATES[dialect], snoozed_list(day_number(today), dialect), *([earliest_of_new(FEW, dialect)] * anew))
    lists += chart_lists(today, bands, dialect, anew=anew)
    return for_driver(for_driver(listing(lists, dialect), dialect), dialect, parameter='known')
