"""The list of customers at risk on one tab's board: its order, its pages, and what the customers are worth."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import orjson
from nicegui import Client

from app.list_place import ListPlace
from app.pages.board_services import BoardCustomers, BoardIdentity
from app.pages.reader import numbers_of
from app.pages.seldom import Seldom
from components.at_risk_list import ORDERS, AtRiskActions, AtRiskList, AtRiskPage, Order
from components.formats import written_as
from services.customer_order import CustomerSort
from services.errors import ChurnboardError
from services.query import EVERYTHING, DashboardQuery
from services.questions import BeingWorkedOut
from services.schemas import AtRiskCustomer, Charts, RevenueAtRisk

log = logging.getLogger(__name__)

ROWS = 20
"""On a page: as many as the charts bring along."""
BEGINNING = ListPlace()
WAITING = 'The list is being worked out. It is here in a few seconds.'
OLDER = 'This is the list as it was last known. A newer one is being worked out.'


class BoardAtRisk:
    """The first page by risk comes with the charts; others are asked for, and only when something changed."""

    def __init__(
        self,
        customers: BoardCustomers,
        identity: BoardIdentity,
        client: Client,
        panel: AtRiskList,
        *,
        place: ListPlace,
        on_place: Callable[..., None],
    ) -> None:
        """
        :param place: where the reader begins.
        :param on_place: told that the reader is at another; with ``correct=True``, that it is not there.
        """
        self._customers = customers
        self._user_id = identity.user_id
        self._client = client
        self._numbers = numbers_of(client)
        self._panel = panel
        self._query: DashboardQuery | None = None
        self._shown: tuple[Charts, int | None] | None = None
        """The charts and the revision that the page was shown for; ``None``: it is to be read anew."""
        self.place = place
        self._on_place = on_place
        self._page = AtRiskPage(order=place.order)
        self._starts: dict[int, str | None] = {1: None}
        """The cursors of the pages of which it is known where they begin."""
        self._turn = 0
        self._asked = False
        self._revision: int | None = None
        self._revenue = Seldom()
        self._valued = False
        """Whether what they are worth is of the rows that are shown."""
        panel.on_ask(AtRiskActions(order=self._order, earlier=self._earlier, later=self._later))

    @property
    def waits(self) -> bool:
        """Whether the reader asked for other rows than are shown, and they are not there yet."""
        return self._asked

    @property
    def stands(self) -> bool:
        """Whether all of it is as new as the board it was shown with."""
        return self._shown is not None and self._valued and not self._asked

    async def show(self, charts: Charts, query: DashboardQuery, *, revision: int | None) -> None:
        """Bring the list up to date with the board's charts.

        :param revision: of the user's data, if it is known: with the same one nothing has changed.
        """
        self._revision = revision
        if query != self._query:
            self._asked = self._query is not None
            self._query, self._starts = query, {1: None}
            self._page = replace(self._page, high=0, value=None, valued=0)
            self._revenue.reset()
            await self._read(charts)
        elif self._shown is None or revision != self._shown[1] or charts != self._shown[0]:
            await self._read(charts)
        elif not self._valued:
            await self._value()

    async def _value(self) -> None:
        """What the customers are worth may be older than the rows."""
        turn = self._turn
        page, valued = await self._with_revenue(self._page)
        if turn == self._turn and not self._client.is_deleted:
            self._valued = valued
            if page != self._page:
                self._show(page)

    async def _read(self, charts: Charts) -> None:
        """Read the page and show it, unless another reading has begun meanwhile."""
        revision, self._turn = self._revision, self._turn + 1
        turn = self._turn
        self._shown = None
        place = self.place
        page = replace(
            self._page,
            charts=charts,
            unfiltered=self._query == EVERYTHING,
            order=place.order,
            first=ROWS * (place.page - 1),
            message='',
        )
        if place == BEGINNING:
            listed = charts.customers - charts.snoozed_customers
            page, done = replace(page, rows=charts.at_risk, more=listed > len(charts.at_risk)), True
            if charts.revenue is None:
                self._show(page)
        else:
            page, done = await self._with_rows(page, place)
            if (
                done and not page.rows and place.page > 1 and turn == self._turn
            ):  # the list is not, or no longer, so long
                self.go(replace(place, page=1))
                self._on_place(correct=True)
                return await self._read(charts)
        page, valued = await self._with_revenue(page)
        if turn == self._turn and not self._client.is_deleted:
            self._shown, self._valued = (charts, revision) if done else None, valued
            self._show(page)
            self._asked = self._asked and not done

    async def _with_rows(self, page: AtRiskPage, place: ListPlace) -> tuple[AtRiskPage, bool]:
        """The page with the rows of that place, and whether they are the newest."""
        starts = self._starts
        try:
            start = await self._start_of(place)
            if start is None and place.page > 1:
                return replace(page, rows=()), True
            rows, following, refreshing = await self._rows(place.order, start)
        except BeingWorkedOut:
            return replace(self._page, charts=page.charts, order=place.order, message=WAITING), False
        except ChurnboardError as error:
            return replace(self._page, charts=page.charts, order=place.order, message=error.message), False
        if following is not None:
            starts[place.page + 1] = following
        page = replace(page, rows=rows, more=following is not None, message=OLDER if refreshing else '')
        return page, not refreshing

    async def _start_of(self, place: ListPlace) -> str | None:
        """The cursor of a page: where as many rows have been read as come before it; ``None``: at the beginning, or
        the list is not so long.
        """
        starts = self._starts
        known = max(page for page in starts if page <= place.page)
        if known == place.page:
            return starts[known]
        _, start, _ = await self._rows(place.order, starts[known], limit=ROWS * (place.page - known))
        if start is not None:
            starts[place.page] = start
        return start

    async def _rows(
        self, order: Order, cursor: str | None, *, limit: int = ROWS
    ) -> tuple[tuple[AtRiskCustomer, ...], str | None, bool]:
        question = await self._customers.question(self._user_id, self._query or EVERYTHING)
        answer = await self._customers.page(question, sort=CustomerSort(order), limit=limit, cursor=cursor, awake=True)
        page = orjson.loads(b'{%b}' % answer.members)
        rows = tuple(AtRiskCustomer.model_validate(item) for item in page['items'])
        return rows, page['next_cursor'], answer.refreshing

    async def _with_revenue(self, page: AtRiskPage) -> tuple[AtRiskPage, bool]:
        """The page with what the customers at high risk are worth, and whether that is the newest.

        Where they are many, all of them are gone through for it: not at every beat, even where data change at each.
        """
        if page.charts.revenue is not None:
            return _worth(page, page.charts.revenue), True
        if not self._revenue.take():
            return page, False
        try:
            question = await self._customers.question(self._user_id, self._query or EVERYTHING)
            revenue = await self._customers.revenue(question)
        except BeingWorkedOut:
            self._revenue.reset()
            return page, False
        except ChurnboardError as error:
            self._revenue.reset()
            log.warning('Revenue at risk could not be told: %s', error.message)
            return page, False
        return _worth(page, revenue), revenue.state is None

    def _show(self, page: AtRiskPage) -> None:
        self._page = page
        self._panel.show(page, asked=self._asked)

    def go(self, place: ListPlace) -> bool:
        """The reader is to be at this place; whether that is another. What is there is read by what comes next."""
        if place.order != self.place.order:
            self._starts = {1: None}
        before, self.place = self.place, place
        return place != before

    async def again(self) -> None:
        """The reader asked for other rows."""
        with written_as(self._numbers):
            self._asked = True
            await self._read(self._page.charts)

    async def _order(self, order: str) -> None:
        if order in ORDERS:
            await self._turn_to(ListPlace(order='change' if order == 'change' else 'risk'))

    async def _earlier(self) -> None:
        await self._turn_to(replace(self.place, page=max(1, self.place.page - 1)))

    async def _later(self) -> None:
        if self._page.more and self._page.first == ROWS * (self.place.page - 1):  # what was asked for is there
            await self._turn_to(replace(self.place, page=self.place.page + 1))

    async def _turn_to(self, place: ListPlace) -> None:
        if self.go(place):
            self._on_place()
            await self.again()


def _worth(page: AtRiskPage, revenue: RevenueAtRisk) -> AtRiskPage:
    return replace(page, high=revenue.customers, value=revenue.account_value, valued=revenue.with_value)
