"""When a user's alerts are decided anew, and who is told that one started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import date, datetime, timedelta
from sys import intern
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from services.alert_rules import STALE
from services.alerts import Alerts, Evaluation, KnownFacts
from services.calendar import time_zone
from services.clock import Clock
from services.coalescing import Coalescing
from services.database import Database
from services.last_known import LastKnown
from services.listeners import tell
from services.overviews import Overview
from services.schemas import Alert
from services.selection import Selection
from services.single_flight import SingleFlightCache
from services.user_states import UserState

CACHED = 2_000
KNOWN = 20_000
NEWS = timedelta(seconds=30)
"""For how long an alert that started while nobody looked is news to somebody who begins to look."""


class Decided(NamedTuple):
    """An evaluation, and what it was decided for."""

    revision: int
    today: date
    time_zone: str
    evaluation: Evaluation

    @classmethod
    def of(cls, state: UserState, today: date, evaluation: Evaluation) -> Self:
        return cls(state.revision, today, intern(state.time_zone), evaluation)

    def is_for(self, state: UserState, today: date) -> bool:
        return (self.revision, self.today, self.time_zone) == (state.revision, today, state.time_zone)


class AlertWatch:
    """Alerts are decided when the data, the day or the silence of the data changes, once for all who ask."""

    def __init__(self, database: Database, alerts: Alerts, *, clock: Clock) -> None:
        self._database = database
        self._alerts = alerts
        self._clock = clock
        self._under_way = SingleFlightCache(size=CACHED)
        self._known_facts: Coalescing[KnownFacts, Evaluation] = Coalescing(self._evaluate_known, name='alerts')
        self._decided: LastKnown[Decided] = LastKnown(size=KNOWN)
        self._evaluated: LastKnown[datetime] = LastKnown(size=KNOWN)
        """When a user's alerts were last read, and maybe written, apart from an overview."""
        self._known: dict[int, tuple[str, ...]] = {}
        """The ids of the alerts that those who watch a user were told of."""
        self._listeners: list[Callable[[int, Alert], Awaitable[None]]] = []

    def on_start(self, listener: Callable[[int, Alert], Awaitable[None]]) -> None:
        """Call ``listener(user_id, alert)`` when an alert of a watched user starts, whoever started it."""
        self._listeners.append(listener)

    def forget(self, user_id: int) -> None:
        """Nobody watches the user any more."""
        self._known.pop(user_id, None)
        self._decided.drop(user_id)

    def ready(self, state: UserState, today: date) -> Evaluation | None:
        """What was decided of a watched user, if it still holds and everybody was told of the alerts that started."""
        decided, known = self._decided_for(state, today), self._known.get(state.user_id)
        told = decided is not None and known is not None and all(alert.id in known for alert in decided.active)
        return decided if told else None

    def settle(self, state: UserState, today: date, overview: Overview) -> Evaluation | None:
        """Decide a watched user's alerts without the database; ``None`` if it is needed, or something is to be told.

        :param overview: what is known of the data as of that state or later.
        """
        if decided := self.ready(state, today):
            return decided
        evaluation = self._from(overview, time_zone(state.time_zone))
        if evaluation is None or state.user_id not in self._known or self._news(state.user_id, evaluation):
            return None
        self._known[state.user_id] = _ids(evaluation)
        self._decided.put(state.user_id, Decided.of(state, today, evaluation))
        return evaluation

    async def active(
        self, state: UserState, selection: Selection, *, watched: Callable[[], bool], overview: Overview | None = None
    ) -> tuple[Alert, ...]:
        """The user's alerts now.

        :param selection: of all the user's data.
        :param watched: whether somebody watches the user; asked once the alerts are decided, which may take long.
        :param overview: what is known of the data as of that state or later, if it is.
        :raises Unavailable: the database does not answer.
        """
        evaluation = self._decided_for(state, selection.today) or await self._decide(state, selection, overview)
        if watched():
            await self._announce(state.user_id, evaluation)
        return evaluation.active

    async def _decide(self, state: UserState, selection: Selection, overview: Overview | None) -> Evaluation:
        evaluation = self._from(overview, selection.zone) if overview else None
        if evaluation is None and overview:
            known = KnownFacts(selection=selection, revision=overview.revision, facts=overview.facts)
            evaluation = await self._known_facts.get(known)
        if evaluation is None:
            key = (state.user_id, state.revision, selection.today, state.time_zone)
            evaluation = await self._under_way.get(key, lambda: self._evaluate(selection, self._clock()))
            self._under_way.forget(key)
        if evaluation.complete:
            self._decided.put(state.user_id, Decided.of(state, selection.today, evaluation))
        return evaluation

    def _decided_for(self, state: UserState, today: date) -> Evaluation | None:
        """What was decided for a user in that state on that day, unless the data has become too old since."""
        decided = self._decided.get(state.user_id)
        if decided is None or not decided.is_for(state, today) or _fell_silent(decided.evaluation, self._clock()):
            return None
        return decided.evaluation

    def _from(self, overview: Overview, zone: ZoneInfo) -> Evaluation | None:
        """What follows from an overview; ``None`` if something is to be written, or was since."""
        evaluated = self._evaluated.get(overview.user_id)
        if evaluated and overview.facts.now <= evaluated:
            return None
        return self._alerts.settled(overview.facts.at(self._clock()), overview.alerts, zone)

    async def _evaluate(self, selection: Selection, now: datetime) -> Evaluation:
        try:
            return await self._database.run(lambda: self._alerts.evaluate(selection, now))
        finally:
            self._evaluated.put(selection.user_id, self._clock())

    async def _evaluate_known(self, known: Collection[KnownFacts]) -> dict[KnownFacts, Evaluation]:
        newest = {each.user_id: each for each in sorted(known, key=lambda each: each.revision)}
        now = self._clock()
        try:
            found = await self._database.run(lambda: self._alerts.evaluate_known(newest.values(), now))
        finally:
            for user_id in newest:
                self._evaluated.put(user_id, self._clock())
        return {each: found[each.user_id] for each in known if each.user_id in found}

    async def _announce(self, user_id: int, evaluation: Evaluation) -> None:
        news = self._news(user_id, evaluation)
        self._known[user_id] = _ids(evaluation)
        for alert in news:
            for listener in self._listeners:
                await tell(listener(user_id, alert))

    def _news(self, user_id: int, evaluation: Evaluation) -> list[Alert]:
        """The active alerts that those who watch were not told of."""
        known = self._known.get(user_id)
        if known is not None:
            return [alert for alert in evaluation.active if alert.id not in known]
        return list(evaluation.started) if self._clock() - evaluation.at < NEWS else []


def _ids(evaluation: Evaluation) -> tuple[str, ...]:
    return tuple([alert.id for alert in evaluation.active])


def silent_from(evaluation: Evaluation) -> datetime | None:
    """When the data becomes too old, if nothing comes; ``None``: it was so when it was decided, or there is none."""
    if evaluation.newest is None or _silent(evaluation, evaluation.at):
        return None
    return evaluation.newest + STALE


def _fell_silent(evaluation: Evaluation, now: datetime) -> bool:
    """Whether the data has become too old since; an evaluation that saw it silent saw it stay so."""
    return _silent(evaluation, now) and not _silent(evaluation, evaluation.at)


def _silent(evaluation: Evaluation, now: datetime) -> bool:
    return evaluation.newest is not None and now - evaluation.newest > STALE
