"""Reading what a query leads to: at once where that takes little, else on the lane, where it is found when it is asked
for again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from sqlmodel import Session

from services.answers import Patience
from services.dashboard import Dashboard
from services.database import Database
from services.lane import Lane
from services.last_known import LastKnown
from services.plan import Route
from services.questions import BeingWorkedOut, Question, TakesLong
from services.selection import Selection
from services.single_flight import SingleFlightCache

T = TypeVar('T')


@dataclass(frozen=True, kw_only=True)
class Wanted(Generic[T]):
    """Something to be read; equal keys of one question stand for the same."""

    key: Hashable
    read: Callable[[Session, Selection], T]
    """From a planned selection."""
    rows: Callable[[Session, Selection], int]
    """About how many rows of the rollups have to be gone through for it."""


@dataclass(frozen=True, kw_only=True)
class Found(Generic[T]):
    """What was read; refreshing: it is what was known last, and a newer one is being worked out."""

    value: T
    refreshing: bool = False


class PatientReads:
    """Reads for whoever asks; what takes long is read once for all who ask for the same."""

    def __init__(
        self, database: Database, dashboard: Dashboard, *, lane: Lane, patience: Patience, at_once: int, kept: int
    ) -> None:
        """
        :param at_once: rows that are gone through while somebody waits.
        :param kept: how many answers are kept: somebody asks for the same, or again in a few seconds.
        """
        self._database = database
        self._dashboard = dashboard
        self._lane = lane
        self._patience = patience
        self._at_once = at_once
        self._tried = SingleFlightCache(size=kept)
        self._worked_out = SingleFlightCache(size=kept)
        self._known: LastKnown[Any] = LastKnown(size=kept)

    async def get(self, question: Question, wanted: Wanted[T]) -> Found[T]:
        """
        :raises BeingWorkedOut: it takes long, and is there in some seconds.
        :raises Unavailable: the database does not answer.
        """
        read = partial(self._database.read, partial(self._try, question.selection, wanted))
        found = await self._tried.get((wanted.key, question.key), read)
        if isinstance(found, TakesLong):
            return await self._in_turn(question, wanted, found.predictions)
        return Found(value=found)

    def _try(self, selection: Selection, wanted: Wanted[T], session: Session) -> T | TakesLong:
        planned = self._dashboard.planned(session, selection)
        assert planned.plan is not None
        if planned.plan.takes_long:
            return TakesLong(predictions=planned.plan.rows)
        if planned.plan.route is Route.ROLLUPS and wanted.rows(session, planned) > self._at_once:
            return TakesLong(predictions=None)
        return wanted.read(session, planned)

    async def _in_turn(self, question: Question, wanted: Wanted[T], predictions: int | None) -> Found[T]:
        key = (wanted.key, question.reading)
        self._lane.want(key)
        page = self._worked_out.start((key, question.revision), partial(self._work_out, question, wanted, key))
        await asyncio.wait({page}, timeout=self._patience.lane)  # who gives up does not end it for the others
        if page.done():
            return Found(value=page.result())
        known = self._known.get(key)
        if known is None:
            raise BeingWorkedOut(predictions)
        return Found(value=known, refreshing=True)

    async def _work_out(self, question: Question, wanted: Wanted[T], key: Hashable) -> T:
        found = await self._lane.ask(question.selection.user_id, key, partial(self._read, question.selection, wanted))
        self._known.put(key, found)
        return found

    def _read(self, selection: Selection, wanted: Wanted[T]) -> T:
        with self._database.reading(patient=True) as session:
            return wanted.read(session, self._dashboard.planned(session, selection))
