"""When a page shows what changed: at once, at the rhythm its reader chose, or when the reader asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Unpack

from nicegui import Client, background_tasks

from app.pages.board_services import BoardPreferences
from app.pages.changes import Changes
from app.pages.page_beat import PageBeat
from app.pages.reader import preferences_of
from components.connection import Connection
from components.update_control import UpdateControl
from services.errors import ChurnboardError
from services.preferences import PreferenceChange, UpdateInterval

log = logging.getLogger(__name__)

NOT_KEPT = 'This holds for this page only: it could not be kept.'
UNEXPECTED = 'Something unexpected happened; it is in the log of the server.'


class Updates:
    """One tab's. What its reader chooses is remembered for the next page; other tabs go on as they are."""

    def __init__(
        self,
        store: BoardPreferences,
        user_id: int,
        client: Client,
        show: Callable[[], Awaitable[None]],
        *,
        beat: float,
        wanted: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        :param show: brings the page up to date, and tells :meth:`shown` when it has.
        :param beat: the server's, in seconds: how often a page that is not held looks.
        :param wanted: whether the reader waits for something that was asked for: it is shown whatever was chosen.
        """
        chosen = preferences_of(client)
        self._store = store
        self._user_id = user_id
        self._client = client
        self._show = show
        self._wanted = wanted
        self._beat = beat
        self.interval, self._paused = chosen.interval, chosen.paused
        self._on_choice: list[Callable[[], None]] = []
        self._changes = Changes(client, self._show_change)
        self._writing = asyncio.Lock()
        self._looked_at = float('-inf')
        self._was_shown = False
        self.missed = 0
        """Changes that the page was told of and did not show."""

    @property
    def held(self) -> bool:
        """Whether nothing is shown unless the reader asks."""
        return self._paused or self.interval is UpdateInterval.OFF

    def start(self, connection: Connection) -> None:
        """Build the reader's control in the place the page is at, and begin."""
        self._connection = connection
        self._control = UpdateControl(
            rate_words(self._beat), on_pause=self._pause, on_rate=self.choose, on_show=self._show_now
        )
        self._draw()
        self._client.on_connect(self._connected)
        self._page_beat = PageBeat(self._client, self._tick, seconds=self._beat)

    async def tell(self) -> None:
        """The user's data changed; returns before that is shown."""
        if self._client.is_deleted:
            return
        if self.held:
            self._miss()
        elif self.interval is UpdateInterval.LIVE:
            await self._changes.tell()

    def shown(self, missed: int) -> None:
        """The page is up to date.

        :param missed: what :attr:`missed` was when it began to look: what came since may not be shown.
        """
        self._was_shown = True
        if missed:
            self.missed -= min(missed, self.missed)
            self._draw()

    async def _show_change(self) -> None:
        if self.held:  # since it was told of
            self._miss()
        self._page_beat.looked()
        await self._tick()

    def _miss(self) -> None:
        self.missed += 1
        self._draw()

    async def _tick(self) -> None:
        if self._is_there() and (self._is_wanted() or self._is_due()):
            await self._show()

    async def _connected(self) -> None:
        if self._is_there() and (self._is_wanted() or not self.held):
            self._looks()
            await self._show()

    def _looks(self) -> None:
        self._looked_at = asyncio.get_running_loop().time()
        self._page_beat.looked()

    def _is_wanted(self) -> bool:
        """Whatever was chosen, a page that has shown nothing yet goes on trying."""
        return self._wanted() or not self._was_shown

    def _is_there(self) -> bool:
        return not self._client.is_deleted and self._client.has_socket_connection

    def _is_due(self) -> bool:
        seconds, now = self.interval.seconds(self._beat), asyncio.get_running_loop().time()
        # the timer's beats are not exact: half a beat early is in time
        early = seconds is not None and seconds > self._beat and now < self._looked_at + seconds - self._beat / 2
        if self.held or early:
            return False
        self._looked_at = now
        return True

    def on_choice(self, listener: Callable[[], None]) -> None:
        """Call ``listener()`` when another rate is in force."""
        self._on_choice.append(listener)

    async def choose(self, rate: object) -> str:
        """Show at another rate from now on.

        :param rate: as a browser says it: it may be anything.
        :returns: why it is not remembered; empty if it is.
        """
        if not isinstance(rate, str) or rate not in set(UpdateInterval):
            return ''
        self.interval = UpdateInterval(rate)
        self._apply()
        for listener in self._on_choice:
            listener()
        return await self.remember(interval=self.interval)

    async def _pause(self) -> None:
        self._paused = not self._paused
        self._apply()
        await self.remember(paused=self._paused)

    def _apply(self) -> None:
        self._draw()
        if not self.held:
            self._show_now()

    def _show_now(self) -> None:
        self._looks()
        background_tasks.create(self._show(), name='show updates')

    def _draw(self) -> None:
        seconds, off = self.interval.seconds(self._beat), self.interval is UpdateInterval.OFF
        self._connection.show_paused(self._paused, off=off)
        self._connection.show_interval(seconds or self._beat)
        self._control.show(paused=self._paused, rate=self.interval.value, missed=self.missed, off=off)

    async def remember(self, **changes: Unpack[PreferenceChange]) -> str:
        """Keep what was chosen for the next page; why it could not be, which is shown beside the control as well."""
        problem = ''
        async with self._writing:  # in the order they were made
            try:
                await self._store.change(self._user_id, **changes)
            except ChurnboardError as error:
                problem = f'{NOT_KEPT} {error.message}'
            except Exception:
                log.exception('a preference could not be kept')
                problem = f'{NOT_KEPT} {UNEXPECTED}'
        if not self._client.is_deleted:
            self._control.show_problem(problem)
        return problem


def rate_words(beat: float) -> dict[str, str]:
    """The words for each rate that differs from the one before."""
    words, before = {}, 0.0
    for rate in UpdateInterval:
        seconds = rate.seconds(beat)
        if seconds != before:
            words[rate.value] = 'Updates off' if seconds is None else f'Every {seconds:g} s'
            before = seconds or 0.0
    return words
