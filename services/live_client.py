"""LiveClient: a Python program that follows one user's board and takes actions on it.

    client = LiveClient('https://churn.example.com', renew=get_token)
    if await client.connect(await get_token()):
        async for board in client:
            print(board['metrics']['high_risk_predictions'])

Needs the extra ``client``: ``pip install '.[client]'``. ``docs/PROTOCOL.md`` tells what the messages hold.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Self

from services.live_board import Board
from services.live_errors import Disconnected, LiveError
from services.live_feed import ConnectionStatus
from services.live_link import LiveLink
from services.live_links import SHARED, LiveLinks
from services.live_mailbox import LiveMailbox, News
from services.live_timing import LiveTiming
from services.live_token import Renew

__all__ = ['Board', 'ConnectionStatus', 'Disconnected', 'LiveClient', 'LiveError']

log = logging.getLogger(__name__)

Callback = Callable[[Any], object]
"""Plain or ``async``; runs on the event loop. What it raises is logged, and ends nothing."""


class LiveClient:
    """Follows a board until ``disconnect``, through lost networks and restarts of the server.

    Clients of the same user and server share one connection, and with it the query: a filter of one is every one's.
    Use it on one event loop.
    """

    def __init__(
        self,
        url: str,
        *,
        updates: str = 'full',
        renew: Renew | None = None,
        timing: LiveTiming | None = None,
        links: LiveLinks = SHARED,
    ) -> None:
        """
        :param url: of the server: scheme, host and port.
        :param updates: "full": a board at each beat. "changes": a board whenever something has changed; costs both
            sides less.
        :param renew: gets a new token of the same user before the present one ends; without it the client ends with
            the token.
        :param links: with whom connections are shared.
        """
        self.board: Board | None = None
        """The latest one, in the form of ``GET /api/live-data``."""
        self._url = url
        self._updates = updates
        self._renew = renew
        self._timing = timing or LiveTiming()
        self._links = links
        self._link: LiveLink | None = None
        self._status = ConnectionStatus.DISCONNECTED
        self._callbacks: dict[News, Callback | None] = {}
        self._mailbox = LiveMailbox()
        self._delivery: asyncio.Task[None] | None = None
        self._refusal: LiveError | None = None
        self._news = asyncio.Event()
        """Replaced whenever the board or the status has changed."""

    @property
    def connection_status(self) -> ConnectionStatus:
        return self._status

    def set_callbacks(
        self,
        on_update: Callable[[Board], object] | None = None,
        on_prediction: Callable[[dict[str, Any]], object] | None = None,
        on_alert: Callable[[dict[str, Any]], object] | None = None,
        on_status: Callable[[ConnectionStatus], object] | None = None,
        on_error: Callable[[LiveError], object] | None = None,
    ) -> None:
        """Who is told of what, from now on; they are called one after the other, in the order of the events.

        One that is slow misses boards in between, never the latest.
        """
        self._callbacks = {
            News.UPDATE: on_update,
            News.PREDICTION: on_prediction,
            News.ALERT: on_alert,
            News.STATUS: on_status,
            News.ERROR: on_error,
        }

    async def connect(self, token: str) -> bool:
        """Whether the first attempt has succeeded.

        Where the server cannot be reached, attempts go on (``reconnecting``); where it refuses, nothing does
        (``error``), and ``on_error`` is told why. On a connected client: go on with a new token of the same user.
        """
        if self._link is None or self._status is ConnectionStatus.ERROR:
            await self.disconnect()
            await self._join(token)
        elif token != self._link.token.value:
            try:
                await self._link.authenticate(token)
            except LiveError as refusal:
                self.failed(refusal)
                return False
        return self._link is not None and await self._link.attempt() is None

    async def disconnect(self) -> None:
        """Hear nothing more; the connection ends with its last client. What was heard before is still delivered."""
        link, self._link = self._link, None
        if link is None:
            return
        await self._links.leave(link, self)
        self.became(ConnectionStatus.DISCONNECTED)
        self._mailbox.close()
        if self._delivery and self._delivery is not asyncio.current_task():
            await self._delivery

    async def request_dashboard_data(self) -> None:
        """Ask for the board now: it comes as any other.

        :raises Disconnected: there is no connection.
        """
        await self._connected().request()

    async def send_user_action(self, action: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Take an action: ``filter``, ``date_range``, ``refresh`` or ``export``; returns what the server answers.

        Filter and dates stay through interruptions.

        :raises LiveError: the server refuses, and says why.
        :raises Disconnected: there is no connection, or it ended before there was an answer.
        """
        return await self._connected().act(action, data)

    async def __aiter__(self) -> AsyncIterator[Board]:
        """The boards as they come, the latest first known one at once; ends with ``disconnect``.

        :raises LiveError: the server refuses, and nothing more will come.
        """
        seen: Board | None = None
        while self._link:
            news = self._news
            if self.board is not None and self.board is not seen:
                seen = self.board
                yield seen
            elif self._status is ConnectionStatus.ERROR:
                raise self._refusal or Disconnected()
            else:
                await news.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        await self.disconnect()

    def updated(self, board: Board) -> None:
        self.board = board
        self._put(News.UPDATE, board)

    def predicted(self, prediction: dict[str, Any]) -> None:
        self._put(News.PREDICTION, prediction)

    def alerted(self, alert: dict[str, Any]) -> None:
        self._put(News.ALERT, alert)

    def became(self, status: ConnectionStatus) -> None:
        if status is not self._status:
            self._status = status
            self._put(News.STATUS, status)

    def failed(self, error: LiveError) -> None:
        self._refusal = error
        self._put(News.ERROR, error)

    async def _join(self, token: str) -> None:
        self._refusal, self._mailbox = None, LiveMailbox()
        self._delivery = asyncio.create_task(self._deliver(self._mailbox), name='live client')
        try:
            link = await self._links.join(
                self._url, token, self, updates=self._updates, renew=self._renew, timing=self._timing
            )
        except LiveError as refusal:
            self.failed(refusal)
            self.became(ConnectionStatus.ERROR)
            self._mailbox.close()
            return
        self._link = link
        self.became(link.feed.status)
        if link.feed.board.data is not None:
            self.updated(link.feed.board.data)

    def _connected(self) -> LiveLink:
        if self._link is None:
            raise Disconnected
        return self._link

    def _put(self, news: News, about: Any) -> None:
        self._mailbox.put(news, about)
        self._news.set()
        self._news = asyncio.Event()

    async def _deliver(self, mailbox: LiveMailbox) -> None:
        while entry := await mailbox.take():
            news, about = entry
            callback = self._callbacks.get(news)
            try:
                done = callback(about) if callback else None
                if inspect.isawaitable(done):
                    await done
            except Exception:
                log.exception('The callback for %s failed', news)
