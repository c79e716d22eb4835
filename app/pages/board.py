"""One tab's board: between what the person asks for and what the services answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from nicegui import Client, background_tasks, ui

from app.list_place import ListPlace
from app.pages.board_address import BoardAddress
from app.pages.board_at_risk import BoardAtRisk
from app.pages.board_exporter import BoardExporter
from app.pages.board_news import BoardNews
from app.pages.board_services import BoardIdentity, BoardServices, BoardSnapshot
from app.pages.board_standing import BoardStanding
from app.pages.board_views import ViewDesk
from app.pages.board_visit import BoardVisit
from app.pages.dashboard_view import DashboardView
from app.pages.first_show import first_show
from app.pages.frame import frame
from app.pages.page_zone import follow_zone
from app.pages.reader import numbers_of
from app.pages.sample_removal import SampleRemoval
from app.pages.together import together
from app.pages.updates import Updates
from app.view_address import address_of, view_of
from components.error_banner import ErrorBanner
from components.filter_bar import FilterBar
from components.formats import written_as
from components.light_element import LightElement
from components.sample_banner import SampleBanner
from components.status_line import StatusLine
from components.text import Text
from components.toolbar import Toolbar
from components.when_needed import WhenNeeded
from services.errors import ChurnboardError
from services.query import DashboardQuery
from services.questions import BeingWorkedOut
from services.schemas import AlertType, Charts

log = logging.getLogger(__name__)
NEWER = 'These are the last known numbers of this filter. Newer ones are being worked out.'
ASSETS = ('charts.css', 'charts.js', 'views.css', 'polling.js', 'view.js', 'alerts.js')
FIRST_SECONDS = 0.05
TOGETHER_SECONDS = 0.3
"""How long numbers wait for their charts, to be shown together: those of another query, and newer ones of the same."""


class Board:
    """One tab: takes what the person asks for, and shows what the hub answers."""

    def __init__(self, services: BoardServices, identity: BoardIdentity, client: Client) -> None:
        self._services = services
        self._user_id = identity.user_id
        self._client = client
        self._state = view_of(client.request.query_params)
        place = ListPlace.of(client.request.query_params)
        self._address = BoardAddress(client, address_of(self._state.query, place=place), on_leave=self._go)
        self._numbers = numbers_of(client)
        self._news = BoardNews(time.monotonic)
        self._standing = BoardStanding(services.hub, identity.user_id)
        self._as_of: datetime | None = None
        self._partly = False
        """Whether the numbers that are shown have come without their charts."""
        self._waiting = False
        """For numbers that were asked for: paused or not, they are shown when they are there."""
        self.updates = Updates(
            services.preferences,
            identity.user_id,
            client,
            self.refresh,
            beat=services.settings.refresh_seconds,
            wanted=lambda: self._waiting or self._at_risk.waits,
        )
        with frame('Churn board', identity, updates=self.updates, assets=ASSETS) as self._connection:
            self._summary = Text('p').classes('sr-only').props('role=status').mark('summary')
            self._sample = WhenNeeded(lambda: SampleBanner(removal.ask))
            self._status = StatusLine()
            removal = SampleRemoval(
                services.workspace, self._user_id, client, status=self._status, on_done=self.refresh
            )
            self._error = ErrorBanner(self.refresh)
            with LightElement('div', 'controls'):
                self._filters = FilterBar(
                    begins=self._state.typed,
                    on_risk=lambda level: self._change(lambda: self._state.toggle_risk(level)),
                    on_period=lambda period: self._change(lambda: self._state.choose_period(period)),
                    on_input=lambda key, value: self._change(lambda: self._state.enter(key, value), typed=key),
                    on_clear=self._clear,
                    on_reset=lambda: self._change(self._state.reset),
                )
                with LightElement('div', 'toolbar'):
                    self._views = ViewDesk(
                        services.views, identity.user_id, client, present=lambda: self._state, status=self._status
                    )
                    self._toolbar = Toolbar(on_refresh=self.refresh, on_export=self._export)
                self._exporter = BoardExporter(services.exports, identity, client, say=self._toolbar.say)
            url = client.request.url
            origin = f'{url.scheme}://{url.netloc}'
            self._view = DashboardView(self._filters, email=identity.email, address=origin, connection=self._connection)
            self._at_risk = BoardAtRisk(
                services.customers, identity, client, self._view.at_risk, place=place, on_place=self._show_address
            )
            self._visit = BoardVisit(services.news, self._user_id, client, self._connection, self._view.since)
        self._show_filters()

    @property
    def address(self) -> str:
        """Where this very view can be seen again."""
        return self._address.present

    @property
    def below(self) -> ui.element:
        """What comes after the numbers."""
        return self._view.panels

    async def first_show(self) -> None:
        """Put the numbers into the page itself when they are at hand; the first tick brings them otherwise."""
        await first_show(self.refresh(), has_numbers=lambda: self._partly or self._as_of is not None)

    async def refresh(self) -> None:
        with written_as(self._numbers):
            await self._refresh()

    async def _refresh(self) -> None:
        query, missed, self._partly = self._state.query, self.updates.missed, False
        try:
            if await self._show(query):
                self.updates.shown(missed)
        except BeingWorkedOut as error:
            self._wait(query, error.message)
        except ChurnboardError as error:
            self._fail(query, error.message)
        except Exception:  # whatever it is, nobody may take old numbers for new ones
            log.exception('the board could not be refreshed')
            self._fail(query, 'Something unexpected happened; it is in the log of the server.')

    async def _show(self, query: DashboardQuery) -> bool:
        """Whether that is still what the page is to show."""
        if self._at_risk.stands and (as_of := self._standing.as_of(query)):
            self._as_of = as_of
            await self._connection.beat(as_of)
            await self._visit.show()
            return True
        state = self._standing.state
        snapshot = await self._services.hub.snapshot(self._user_id, query)
        if not self._waits_for(query):
            return False  # nor are its charts asked for
        follow_zone(self._connection, self._services.hub.seen(self._user_id))
        charts = await together(
            self._services.hub.charts(self._user_id, query),
            seconds=TOGETHER_SECONDS if self._view.shows(query) else FIRST_SECONDS,
            else_first=lambda: self._show_numbers(query, snapshot),
        )
        if not self._show_numbers(query, snapshot, charts):
            return False
        self._view.show_charts(charts, query, as_of=snapshot.as_of)
        if news := self._news.since(query, charts, snapshot.alerts):
            self._summary.set_text(news)
        self._view.show_busy(False, why=NEWER if snapshot.refreshing else '')
        self._waiting = False
        self._error.clear_error()
        self._connection.show_delayed(False)
        self._as_of = snapshot.as_of
        self._connection.show(snapshot.as_of)
        self._standing.shown(query, state=state, contents=snapshot.contents)
        await self._at_risk.show(charts, query, revision=self._services.news.revision(self._user_id))
        await self._visit.show()
        return True

    def _show_numbers(self, query: DashboardQuery, snapshot: BoardSnapshot, charts: Charts | None = None) -> bool:
        """Whether they are still what the page is to show."""
        if not self._waits_for(query):
            return False
        self._sample.show(snapshot.has_sample)
        self._view.show(snapshot, self._state, charts)
        self._partly = charts is None
        self._connection.show_critical([alert.id for alert in snapshot.alerts if alert.type is AlertType.CRITICAL])
        return True

    def _waits_for(self, query: DashboardQuery) -> bool:
        """An answer to an older question is dropped: the newer one has its own."""
        return query == self._state.query and not self._client.is_deleted

    def _wait(self, query: DashboardQuery, why: str) -> None:
        """The numbers are on their way: the next tick asks again."""
        if self._waits_for(query):
            self._standing.forget()
            self._waiting = True
            self._view.show_busy(True, why=why)
            self._error.clear_error()
            self._connection.show_delayed(False)

    def _fail(self, query: DashboardQuery, reason: str) -> None:
        if self._waits_for(query):
            self._standing.forget()
            self._error.show(reason, as_of=self._as_of, partly=self._partly)
            self._connection.show_delayed(True)

    def _change(self, change: Callable[[], None], *, typed: str = '') -> None:
        """:param typed: the field that was typed into, if it was that."""
        if self._asks_something_else(change):
            self._at_risk.go(replace(self._at_risk.place, page=1))
            self._show_address(typed=typed)

    def _show_address(self, *, typed: str = '', correct: bool = False) -> None:
        self._address.show(address_of(self._state.query, place=self._at_risk.place), typed=typed, correct=correct)

    def _go(self, parameters: Mapping[str, str]) -> str:
        """The browser went to another address of the board."""

        def follow() -> None:
            self._state = view_of(parameters)

        is_another = self._at_risk.go(ListPlace.of(parameters))
        if not self._asks_something_else(follow) and is_another:
            background_tasks.create(self._at_risk.again())
        self._filters.write(self._state.typed)
        return address_of(self._state.query, place=self._at_risk.place)

    def _clear(self, name: str) -> None:
        self._change(lambda: self._state.clear(name))
        self._filters.write(self._state.typed)

    def _asks_something_else(self, change: Callable[[], None]) -> bool:
        before = self._state.query
        change()
        self._show_filters()
        self._toolbar.say('')
        if self._state.query == before:
            return False
        self._waiting = False
        self._view.show_busy(True)
        background_tasks.create(self.refresh())
        return True

    def _show_filters(self) -> None:
        state = self._state
        with written_as(self._numbers):
            self._filters.show(risk=state.risk, period=state.period, errors=state.errors, chips=state.chips)
        self._views.follow()
        self._connection.show_query(address_of(state.query, path=''))

    async def _export(self, fmt: str) -> None:
        with written_as(self._numbers):
            await self._exporter.export(fmt, self._state.query)
