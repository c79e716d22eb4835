"""What changed since the reader's last visit, on one tab's board."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nicegui import Client

from app.pages.board_services import BoardNewsService
from app.pages.reader import numbers_of
from app.pages.saving import UNEXPECTED
from app.pages.seldom import Seldom
from components.connection import Connection
from components.formats import day, short_day, time_of_day, written_as
from components.since_panel import SincePanel
from services.calendar import time_zone
from services.errors import ChurnboardError
from services.questions import BeingWorkedOut
from services.visit_news import VisitNews

log = logging.getLogger(__name__)

A_WEEK = timedelta(days=6)
"""So long back the name of a day names one day."""


class BoardVisit:
    """Keeps the panel up to date: asks only when the user's data changed, or while the answer is worked out."""

    def __init__(
        self, service: BoardNewsService, user_id: int, client: Client, connection: Connection, panel: SincePanel
    ) -> None:
        """:param connection: knows whose days are shown."""
        self._service = service
        self._user_id = user_id
        self._connection = connection
        self._client = client
        self._panel = panel
        self._news: VisitNews | None = None
        self._shown: int | None = None
        """The revision that it shows."""
        self._seldom = Seldom()
        panel.on_seen(self._mark_seen)

    async def show(self) -> None:
        """Where it cannot be told, what was told stays: the board itself says what is wrong."""
        revision = self._service.revision(self._user_id)
        if (revision is not None and revision == self._shown) or not self._seldom.take():
            return
        try:
            news = await self._service.get(self._user_id)
        except BeingWorkedOut:
            self._seldom.reset()
            if not self._client.is_deleted:
                self._panel.show_waiting()
            return
        except ChurnboardError as error:
            self._seldom.reset()
            log.warning('What changed since the last visit could not be told: %s', error.message)
            return
        if not self._client.is_deleted:
            self._news, self._shown = news, revision
            self._panel.show(news.changes if news else None, when=self._when(news) if news else '')

    async def _mark_seen(self) -> None:
        if self._news is None:
            return
        problem = await self._problem_of(self._service.mark_seen(self._user_id, self._news))
        if self._client.is_deleted:
            return
        self._panel.show_problem(problem)
        if problem:
            return
        self._shown = None
        self._seldom.reset()
        with written_as(numbers_of(self._client)):
            await self.show()

    async def _problem_of(self, work: Awaitable[None]) -> str:
        """Why it could not be done, in words for the reader."""
        try:
            await work
        except ChurnboardError as error:
            log.warning('What changed could not be marked as seen: %s', error.message)
            return f'Not marked as seen. {error.message}'
        except Exception:
            log.exception('what changed could not be marked as seen')
            return f'Not marked as seen. {UNEXPECTED}'
        return ''

    def _when(self, news: VisitNews) -> str:
        since = datetime.fromisoformat(news.changes.since)
        return moment_words(since, now=datetime.now(UTC), zone=time_zone(self._connection.time_zone))


def moment_words(instant: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """A moment in the past as people name it: ``14:02`` of today, ``Tuesday 14:02``, or with its date."""
    at, today = instant.astimezone(zone), now.astimezone(zone).date()
    if at.date() == today:
        named = 'today'
    elif today - at.date() == timedelta(days=1):
        named = 'yesterday'
    elif timedelta() < today - at.date() <= A_WEEK:
        named = f'{at:%A}'
    else:
        named = short_day(at.date()) if at.year == today.year else day(at.date())
    return f'{named} {time_of_day(at)}'
