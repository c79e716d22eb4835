"""The customers of a query, page by page, and one customer with its history."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from sqlmodel import Session

from services.answers import Patience
from services.clock import Clock
from services.cursors import cursor_of, place_of
from services.customer_detail import customer_detail
from services.customer_order import PLACES, CustomerSort, Stretch, in_order, rows_to_read
from services.customer_rows import customer_items
from services.dashboard import Dashboard
from services.database import Database
from services.errors import InvalidToken, NotFound
from services.lane import Lane
from services.last_known import LastKnown
from services.matching import match
from services.plan import Route
from services.planner import AT_ONCE
from services.query import DashboardQuery
from services.questions import BeingWorkedOut, Question, TakesLong
from services.record_items import notes_about
from services.schemas import BoardState
from services.selection import Selection
from services.single_flight import SingleFlightCache
from services.user_lookup import UserLookup

KEPT = 16
"""Pages that took long: somebody asks for them again in a few seconds. One is up to half a megabyte."""

NOBODY = 'There is no such customer.'


@dataclass(frozen=True, kw_only=True)
class CustomerAnswer:
    """JSON of a ``CustomerPage``, without its braces."""

    members: bytes
    refreshing: bool = False
    """It is the one known last, and a newer one is being worked out."""


class CustomerList:
    """Reads customers; what takes long goes to the lane, where it is found when it is asked for again."""

    def __init__(
        self,
        database: Database,
        dashboard: Dashboard,
        *,
        users: UserLookup,
        lane: Lane,
        patience: Patience,
        clock: Clock,
        at_once: int = AT_ONCE,
    ) -> None:
        """:param at_once: rows that are gone through while somebody waits."""
        self._database = database
        self._dashboard = dashboard
        self._users = users
        self._lane = lane
        self._patience = patience
        self._clock = clock
        self._at_once = at_once
        self._worked_out = SingleFlightCache(size=KEPT)
        self._known: LastKnown[bytes] = LastKnown(size=KEPT)

    async def question(self, user_id: int, query: DashboardQuery) -> Question:
        """The query as of now, which tells by its ``etag`` whether an earlier answer still holds.

        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """
        at = self._clock()
        state = await self._users.state(user_id)
        if state is None or state.disabled:
            raise InvalidToken
        selection = self._dashboard.selection(user_id, query, zone=state.time_zone, now=at)
        return Question(selection=selection, revision=state.revision, at=at)

    async def page(self, question: Question, *, sort: CustomerSort, limit: int, cursor: str | None) -> CustomerAnswer:
        """A page of the query's customers.

        :raises InvalidRequest: the cursor is not one of this user, query and order.
        :raises BeingWorkedOut: it takes long, and is there in some seconds.
        :raises Unavailable: the database does not answer.
        """
        after = place_of(cursor, (question.about, sort), kinds=PLACES[sort])
        stretch = Stretch(sort=sort, most=limit + 1, after=after)
        found = await self._database.read(partial(self._try, question.selection, stretch))
        if isinstance(found, TakesLong):
            return await self._in_turn(question, stretch, found.predictions)
        return CustomerAnswer(members=found)

    async def detail(self, question: Question, customer_id: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
        """A customer and a page of its predictions on the query's days: the keys of ``CustomerDetail``.

        :raises NotFound: the user has no such customer.
        :raises InvalidRequest: the cursor is not one of this customer and these days.
        :raises Unavailable: the database does not answer.
        """
        if '\0' in customer_id:  # PostgreSQL knows no such text
            raise NotFound(NOBODY)
        about = (question.about, customer_id)
        after = place_of(cursor, about, kinds=(int, int))
        found = await self._database.read(
            lambda session: customer_detail(
                session, question.selection, customer_id, limit=limit, after=after, about=about
            )
        )
        if found is None:
            raise NotFound(NOBODY)
        return found

    async def notes(self, user_id: int, customer_id: str) -> list[dict[str, Any]]:
        """What the user wrote about a customer, also about one of whom there is no score any more.

        :raises Unavailable: the database does not answer.
        """
        if '\0' in customer_id:  # PostgreSQL knows no such text
            return []
        return await self._database.read(lambda session: notes_about(session, user_id, customer_id))

    def _try(self, selection: Selection, stretch: Stretch, session: Session) -> bytes | TakesLong:
        planned = self._dashboard.planned(session, selection)
        assert planned.plan is not None
        if planned.plan.takes_long:
            return TakesLong(predictions=planned.plan.rows)
        if planned.plan.route is Route.ROLLUPS and rows_to_read(session, planned, stretch) > self._at_once:
            return TakesLong(predictions=None)
        return _page(session, planned, stretch)

    async def _in_turn(self, question: Question, stretch: Stretch, predictions: int | None) -> CustomerAnswer:
        key = ('customers', question.reading, stretch)
        self._lane.want(key)
        page = self._worked_out.start((key, question.revision), partial(self._work_out, question, stretch, key))
        await asyncio.wait({page}, timeout=self._patience.lane)  # who gives up does not end it for the others
        if page.done():
            return CustomerAnswer(members=page.result())
        known = self._known.get(key)
        if known is None:
            raise BeingWorkedOut(predictions)
        state = b',"state":%b' % orjson.dumps(BoardState.REFRESHING)
        return CustomerAnswer(members=known + state, refreshing=True)

    async def _work_out(self, question: Question, stretch: Stretch, key: Hashable) -> bytes:
        page = await self._lane.ask(question.selection.user_id, key, partial(self._read, question.selection, stretch))
        self._known.put(key, page)
        return page

    def _read(self, selection: Selection, stretch: Stretch) -> bytes:
        with self._database.reading(patient=True) as session:
            return _page(session, self._dashboard.planned(session, selection), stretch)


def _page(session: Session, planned: Selection, stretch: Stretch) -> bytes:
    by_rollups = planned.plan is not None and planned.plan.route is Route.ROLLUPS
    ready = planned if by_rollups else match(session, planned)
    found = session.execute(in_order(session, ready, stretch)).all()
    limit = stretch.most - 1
    shown = found[:limit]
    items = customer_items(session, planned, [row.arrival for row in shown])
    cursor = None
    if len(found) > limit:
        last = shown[-1]
        place = (last.customer_id,) if stretch.sort is CustomerSort.ID else (last.score, last.arrival)
        cursor = cursor_of(place, ((planned.user_id, planned.query), stretch.sort))
    return b'"items":%b,"next_cursor":%b' % (orjson.dumps(items), orjson.dumps(cursor))
