"""The customers of a query, page by page, and one customer with its history."""

from __future__ import annotations

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
from services.matching import match
from services.patient_reads import PatientReads, Wanted
from services.plan import Route
from services.planner import AT_ONCE
from services.query import DashboardQuery
from services.questions import Question
from services.record_items import notes_about
from services.revenue_at_risk import revenue_at_risk, rows_of_revenue
from services.schemas import BoardState, RevenueAtRisk
from services.score_change import earlier_by_predictions, earlier_by_rollups
from services.selection import Selection
from services.user_lookup import UserLookup

KEPT = 16
"""Pages, each up to half a megabyte."""

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
        self._clock = clock
        self._reads = PatientReads(database, dashboard, lane=lane, patience=patience, at_once=at_once, kept=KEPT)

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

    async def page(
        self, question: Question, *, sort: CustomerSort, limit: int, cursor: str | None, awake: bool = False
    ) -> CustomerAnswer:
        """A page of the query's customers.

        :param awake: without those who are snoozed today.
        :raises InvalidRequest: the cursor is not one of this user, query and order.
        :raises BeingWorkedOut: it takes long, and is there in some seconds.
        :raises Unavailable: the database does not answer.
        """
        after = place_of(cursor, (question.about, sort), kinds=tuple(PLACES[sort].values()))
        stretch = Stretch(sort=sort, most=limit + 1, after=after, awake=awake)
        read, rows = partial(_page, stretch=stretch), partial(rows_to_read, stretch=stretch)
        found = await self._reads.get(question, Wanted(key=('customers', stretch), read=read, rows=rows))
        state = b',"state":%b' % orjson.dumps(BoardState.REFRESHING) if found.refreshing else b''
        return CustomerAnswer(members=found.value + state, refreshing=found.refreshing)

    async def revenue(self, question: Question) -> RevenueAtRisk:
        """What the query's customers at high risk are worth.

        :raises BeingWorkedOut: it takes long, and is there in some seconds.
        :raises Unavailable: the database does not answer.
        """
        wanted = Wanted(key='revenue', read=revenue_at_risk, rows=rows_of_revenue)
        found = await self._reads.get(question, wanted)
        return found.value.model_copy(update={'state': BoardState.REFRESHING}) if found.refreshing else found.value

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


def _page(session: Session, planned: Selection, stretch: Stretch) -> bytes:
    by_rollups = planned.plan is not None and planned.plan.route is Route.ROLLUPS
    ready = planned if by_rollups else match(session, planned)
    found = session.execute(in_order(session, ready, stretch)).all()
    limit = stretch.most - 1
    shown = found[:limit]
    earlier = earlier_by_rollups(ready) if by_rollups else earlier_by_predictions(ready)
    items = customer_items(session, planned, [row.arrival for row in shown], earlier)
    cursor = None
    if len(found) > limit:
        place = tuple(getattr(shown[-1], name) for name in PLACES[stretch.sort])
        cursor = cursor_of(place, ((planned.user_id, planned.query), stretch.sort))
    return b'"items":%b,"next_cursor":%b' % (orjson.dumps(items), orjson.dumps(cursor))
