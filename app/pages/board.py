"""One tab's board: between what the person asks for and what the services answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from nicegui import Client, background_tasks, ui

from app.pages.board_exporter import BoardExporter
from app.pages.board_services import BoardIdentity, BoardServices
from app.pages.changes import Changes
from app.pages.dashboard_view import DashboardView
from app.pages.frame import frame
from app.view_state import ViewState
from components.confirm_dialog import ConfirmDialog
from components.error_banner import ErrorBanner
from components.filter_bar import FilterBar
from components.sample_banner import SampleBanner
from components.toolbar import Toolbar
from services.errors import ChurnboardError
from services.query import DashboardQuery
from services.questions import BeingWorkedOut

log = logging.getLogger(__name__)
NEWER = 'These are the last known numbers of this filter. Newer ones are being worked out.'
FIRST_BUILD_SECONDS = 0.15
"""How long the page waits for its first numbers: longer, and a skeleton is the better answer."""


class Board:
    """One tab: takes what the person asks for, and shows what the hub answers."""

    def __init__(self, services: BoardServices, identity: BoardIdentity, client: Client) -> None:
        self._services = services
        self._user_id = identity.user_id
        self._client = client
        self._state = ViewState()
        self._as_of: datetime | None = None
        self._waiting = False
        """For numbers that were asked for: paused or not, they are shown when they are there."""
        self.changes = Changes(client, self._tick)
        seconds = services.settings.refresh_seconds
        with frame('Churn board', identity, refresh_seconds=seconds, on_pause=self._pause) as self._connection:
            self._sample = SampleBanner(self._ask_removal)
            self._error = ErrorBanner(self.refresh)
            with ui.element('div').classes('controls'):
                self._filters = FilterBar(
                    on_risk=lambda level: self._change(lambda: self._state.toggle_risk(level)),
                    on_period=lambda period: self._change(lambda: self._state.choose_period(period)),
                    on_input=lambda key, value: self._change(lambda: self._state.enter(key, value)),
                    on_reset=lambda: self._change(self._state.reset),
                )
                self._toolbar = Toolbar(on_refresh=self.refresh, on_export=self._export)
                self._exporter = BoardExporter(services.exports, identity, client, say=self._toolbar.say)
            request = client.request
            self._view = DashboardView(
                self._filters, email=identity.email, address=f'{request.url.scheme}://{request.url.netloc}'
            )
            self._removal = ConfirmDialog(
                'Remove the sample data?',
                'All made-up customers disappear from this board. Your own predictions stay as they are.',
                action='Remove',
                on_confirm=self._remove_sample,
            )
        client.on_connect(self._tick)
        ui.timer(seconds, self._tick, immediate=False)

    async def first_show(self) -> None:
        """Put the numbers into the page itself when they are at hand; the first tick brings them otherwise."""
        await asyncio.wait({background_tasks.create(self.refresh())}, timeout=FIRST_BUILD_SECONDS)

    async def refresh(self) -> None:
        query = self._state.query
        try:
            await self._show(query)
        except BeingWorkedOut as error:
            self._wait(query, error.message)
        except ChurnboardError as error:
            self._fail(query, error.message)
        except Exception:  # whatever it is, nobody may take old numbers for new ones
            log.exception('the board could not be refreshed')
            self._fail(query, 'Something unexpected happened; it is in the log of the server.')

    async def _show(self, query: DashboardQuery) -> None:
        snapshot = await self._services.hub.snapshot(self._user_id, query)
        if not self._waits_for(query):
            return
        self._sample.set_visibility(snapshot.has_sample)
        self._view.show(snapshot, self._state)
        charts = await self._services.hub.charts(self._user_id, query)
        if not self._waits_for(query):
            return
        self._view.show_charts(charts)
        self._view.show_busy(False, why=NEWER if snapshot.refreshing else '')
        self._waiting = False
        self._as_of = snapshot.as_of
        self._error.clear_error()
        self._connection.show_delayed(False)
        self._connection.show(snapshot.as_of)

    def _waits_for(self, query: DashboardQuery) -> bool:
        """An answer to an older question is dropped: the newer one has its own."""
        return query == self._state.query and not self._client.is_deleted

    def _wait(self, query: DashboardQuery, why: str) -> None:
        """The numbers are on their way: the next tick asks again."""
        if self._waits_for(query):
            self._waiting = True
            self._view.show_busy(True, why=why)
            self._error.clear_error()
            self._connection.show_delayed(False)

    def _fail(self, query: DashboardQuery, reason: str) -> None:
        if self._waits_for(query):
            self._error.show(reason, as_of=self._as_of)
            self._connection.show_delayed(True)

    async def _tick(self) -> None:
        if (self._waiting or not self._state.paused) and self._client.has_socket_connection:
            await self.refresh()

    def _change(self, change: Callable[[], None]) -> None:
        before = self._state.query
        change()
        state = self._state
        self._filters.show(risk=state.risk, period=state.period, errors=state.errors, active=state.active)
        self._toolbar.say('')
        if state.query != before:
            self._waiting = False
            self._view.show_busy(True)
            background_tasks.create(self.refresh())

    def _pause(self, paused: bool) -> None:
        self._state.paused = paused
        self._connection.show_paused(paused)
        if not paused:
            background_tasks.create(self.refresh())

    async def _export(self, fmt: str) -> None:
        await self._exporter.export(fmt, self._state.query)

    def _ask_removal(self) -> None:
        self._removal.ask()

    async def _remove_sample(self) -> None:
        try:
            await self._services.workspace.remove_sample(self._user_id)
        except ChurnboardError as error:
            self._removal.show_error(error.message)
            return
        self._removal.close()
        await self.refresh()
