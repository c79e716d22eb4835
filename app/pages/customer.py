"""The page at ``/customers/{id}``: one customer's score, what drives it, how it came to be, and what was noted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Any

from nicegui import Client, ui

from app.pages.board_services import BoardIdentity
from app.pages.customer_desk import CustomerDesk
from app.pages.customer_services import CustomerServices
from app.pages.customer_view import CustomerView
from app.pages.customer_words import news, scorings_of
from app.pages.dashboard import send_away
from app.pages.first_show import first_show
from app.pages.frame import frame
from app.pages.page_zone import follow_zone
from app.pages.reader import numbers_of
from app.pages.updates import Updates
from components.addresses import customer_href
from components.error_banner import ErrorBanner
from components.formats import written_as
from components.light_element import LightElement
from components.status_line import StatusLine
from components.text import Text
from services.calendar import day_of, time_zone
from services.errors import ChurnboardError, NotFound
from services.query import EVERYTHING

log = logging.getLogger(__name__)

STEP, MOST = 100, 500
"""Scores that are shown at first and with each request for more, and at most."""
NEWS_SECONDS = 30.0
"""How much time there is at least between two announcements of new scores."""
UNEXPECTED = 'Something unexpected happened; it is in the log of the server.'


def customer_page(services: CustomerServices) -> Callable[[str], Awaitable[None]]:
    """The page builder, for the factory to register."""

    async def customer(customer_id: str) -> None:
        client = ui.context.client
        identity: BoardIdentity = client.request.scope['churnboard.identity']
        if identity.session_hash is not None:
            services.page_registry.add(identity.session_hash, client)
        client.on_delete(lambda: send_away(client, path=customer_href(customer_id)))
        page = CustomerPage(services, identity, client, customer_id)
        client.on_delete(services.hub.watch(identity.user_id, on_change=page.updates.tell).close)
        await page.first_show()

    return customer


def customer_page_by_parameter(services: CustomerServices) -> Callable[[str], Awaitable[None]]:
    """The same at ``/customers?id=``, for the ids that no browser leaves in a path."""
    show = customer_page(services)

    async def customer_of(id: str = '') -> None:
        await show(id)

    return customer_of


class CustomerPage:
    """One tab: shows the customer as it is, and takes in what is typed."""

    def __init__(self, services: CustomerServices, identity: BoardIdentity, client: Client, customer_id: str) -> None:
        self._hub, self._customers = services.hub, services.customers
        self._user_id, self._customer_id = identity.user_id, customer_id
        self._client = client
        self._numbers = numbers_of(client)
        self._shown = STEP
        self._version: tuple[int, date, int] | None = None
        """Revision, day and length of what is shown."""
        self._latest: str | None = None
        self._told_at = float('-inf')
        self._as_of: datetime | None = None
        self.updates = Updates(
            services.preferences, identity.user_id, client, self.refresh, beat=services.settings.refresh_seconds
        )
        with frame(
            'Customer',
            identity,
            path=customer_href(customer_id),
            assets=('charts.css', 'charts.js', 'customer.css', 'customer.js'),
            updates=self.updates,
        ) as self._connection:
            with LightElement('nav', 'crumbs').props('aria-label=Breadcrumb'):
                Text('a', '← Back to the board').props('href=/ data-back')
            self._status = StatusLine()
            self._error = ErrorBanner(self.refresh)
            desk = CustomerDesk(
                services,
                identity.user_id,
                customer_id,
                client,
                say=self._status.say,
                tell=self._status.note,
                fail=lambda message: self._status.note(message, failed=True),
                refresh=self.refresh,
            )
            self._view = CustomerView(
                customer_id, desk, bands=services.settings.bands, most=MOST, on_more=self._show_more
            )

    async def first_show(self) -> None:
        """Put the customer into the page itself when it is at hand; the first tick brings it otherwise."""
        await first_show(self.refresh(), has_numbers=lambda: self._version is not None)

    async def refresh(self) -> None:
        """Show the customer as it is; what was shown stays when that fails."""
        with written_as(numbers_of(self._client)):
            await self._refresh()

    async def _refresh(self) -> None:
        missed = self.updates.missed
        try:
            await self._hub.check_user(self._user_id)
            if self._is_old():
                with written_as(self._numbers):
                    await self._show()
        except ChurnboardError as error:
            self._fail(error.message)
        except Exception:  # whatever it is, nobody may take an old score for a new one
            log.exception('a customer could not be refreshed')
            self._fail(UNEXPECTED)
        else:
            self.updates.shown(missed)
            self._succeed()

    def _is_old(self) -> bool:
        seen = self._hub.seen(self._user_id)
        if seen is None or seen.state is None:
            return True
        today = day_of(seen.at, time_zone(seen.state.time_zone))
        return self._version != (seen.state.revision, today, self._shown)

    async def _show(self) -> None:
        shown = self._shown
        question = await self._customers.question(self._user_id, EVERYTHING)
        try:
            detail = await self._customers.detail(question, self._customer_id, limit=shown + 1, cursor=None)
        except NotFound:
            detail = None
        notes = await self._customers.notes(self._user_id, self._customer_id) if detail is None else ()
        if self._client.is_deleted or (self._version and question.revision < self._version[0]):
            return  # a later look came back earlier
        today = question.selection.today
        self._version = version = (question.revision, today, shown)
        if detail is None:
            self._show_missing(notes)
            return
        scorings = scorings_of(detail['history']['items'], question.selection.zone, shown=shown)
        name = detail.get('customer_name') or self._customer_id
        self._client.title = f'{name} · Churnboard'
        self._view.show(detail, scorings, today=today)
        await self._view.show_rows(scorings, wanted=lambda: self._version is version and not self._client.is_deleted)
        if self._latest not in (None, scorings[0].id):
            self._tell(news(name, scorings[0]))
        self._latest = scorings[0].id

    def _show_missing(self, notes: Sequence[dict[str, Any]]) -> None:
        self._client.status_code = 404  # of the page itself, if it is not sent yet
        self._client.title = 'No such customer · Churnboard'
        self._view.show_missing(notes)

    def _tell(self, words: str) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._told_at + NEWS_SECONDS:
            self._told_at = now
            self._status.say(words)

    def _succeed(self) -> None:
        seen = self._hub.seen(self._user_id)
        if not self._client.is_deleted:
            self._error.clear_error()
            self._connection.show_delayed(False)
            if seen is not None:
                self._as_of = seen.at
                follow_zone(self._connection, seen)
                self._connection.show(seen.at)

    def _fail(self, reason: str) -> None:
        if not self._client.is_deleted:
            self._error.show(reason, as_of=self._as_of)
            self._connection.show_delayed(True)

    async def _show_more(self) -> None:
        self._shown = min(self._shown + STEP, MOST)
        await self.refresh()
