"""What the hub answers: computed once for all who ask, at once or, where it takes long, on a lane of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeVar

from sqlmodel import Session

from services.dashboard import Board, Dashboard, Numbers
from services.database import Database
from services.lane import Lane
from services.last_known import LastKnown
from services.planner import is_filter
from services.questions import Answer, BeingWorkedOut, Question, TakesLong
from services.schemas import Charts
from services.selection import Selection
from services.single_flight import SingleFlightCache

T = TypeVar('T')

CACHED = 2_000
KNOWN = 1_000


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How many seconds somebody waits for the answer to a filter."""

    at_once: float = 2.0
    """One that should not take long."""
    lane: float = 1.0
    """One that will."""


SLOW_SECONDS = 300.0
"""For how long a filter that took longer than expected is left to the lane."""

Part = Literal['numbers', 'charts']


class Answers:
    """Answers questions; while that takes long, what was known last is the answer."""

    def __init__(self, database: Database, dashboard: Dashboard, *, lane: Lane, patience: Patience) -> None:
        self._database = database
        self._dashboard = dashboard
        self._patience = patience
        self._lane = lane
        self._cache = SingleFlightCache(size=CACHED)
        self._known: LastKnown[Answer[Any]] = LastKnown(size=KNOWN)
        self._slow: LastKnown[float] = LastKnown(size=KNOWN)
        """When a filter took longer than its plan had said."""

    async def numbers(self, selection: Selection, revision: int, at: datetime) -> Answer[Numbers]:
        """
        :param revision: the user's, as it was at that time.
        :raises BeingWorkedOut: it takes long, and nothing earlier is known.
        """
        return await self._answer('numbers', Question(selection=selection, revision=revision, at=at))

    async def charts(self, selection: Selection, revision: int, at: datetime) -> Answer[Charts]:
        """The same of what the page shows beside them."""
        return await self._answer('charts', Question(selection=selection, revision=revision, at=at))

    def close(self) -> None:
        """Begin nothing more that takes long."""
        self._lane.close()

    async def _answer(self, part: Part, question: Question) -> Answer[Any]:
        self._lane.want(question.reading)
        known = self._known.get((part, question.about))
        found = self._cache.start((part, question.key), partial(self._at_once, part, question))
        if not await _within(self._patience.at_once if is_filter(question.selection.query) else None, found):
            self._slow.put(question.about, asyncio.get_running_loop().time())
            return _meanwhile(known, None)
        value = found.result()
        if isinstance(value, TakesLong):
            board = self._cache.start(('board', question.key), partial(self._work_out, question))
            if not await _within(0 if known else self._patience.lane, board):
                return _meanwhile(known, value.predictions)
            value = getattr(board.result(), part)
        return self._remember(part, question, value)

    async def _at_once(self, part: Part, question: Question) -> Numbers | Charts | TakesLong:
        slow_at = self._slow.get(question.about)
        if slow_at is not None and asyncio.get_running_loop().time() - slow_at < SLOW_SECONDS:
            return TakesLong(predictions=None)
        return await self._database.read(partial(self._try, part, question.selection))

    def _try(self, part: Part, selection: Selection, session: Session) -> Numbers | Charts | TakesLong:
        planned = self._dashboard.planned(session, selection)
        if planned.plan and planned.plan.takes_long:
            return TakesLong(predictions=planned.plan.rows)
        compute = self._dashboard.numbers if part == 'numbers' else self._dashboard.charts
        return compute(session, planned)

    async def _work_out(self, question: Question) -> Board:
        user_id, work = question.selection.user_id, partial(self._read, question.selection)
        board = await self._lane.ask(user_id, question.reading, work)
        self._remember('numbers', question, board.numbers)
        self._remember('charts', question, board.charts)
        return board

    def _read(self, selection: Selection) -> Board:
        with self._database.reading(patient=True) as session:
            return self._dashboard.board(session, selection)

    def _remember(self, part: Part, question: Question, value: T) -> Answer[T]:
        answer, about = Answer(value=value, as_of=question.at), (part, question.about)
        known = self._known.get(about)
        if known is None or known.as_of <= answer.as_of:  # else it was overtaken
            self._known.put(about, answer)
        return answer


async def _within(seconds: float | None, answer: asyncio.Future[Any]) -> bool:
    """Whether it is there in time. One who gives up waiting does not end the computation for the others."""
    await asyncio.wait({answer}, timeout=seconds)
    return answer.done()


def _meanwhile(known: Answer[T] | None, predictions: int | None) -> Answer[T]:
    if known is None:
        raise BeingWorkedOut(predictions)
    return replace(known, refreshing=True)
