"""A user's link to a server: one connection, brought back whenever it ends, and polling while it is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import aiohttp

from services.live_channel import LiveChannel
from services.live_errors import Disconnected, LiveError
from services.live_feed import ConnectionStatus, LiveFeed, Need
from services.live_polling import LivePolling, Polled
from services.live_timing import LiveTiming
from services.live_token import LiveToken
from services.supervision import Supervisor

QUERY = ('filter', 'date_range')
"""Actions whose effect ends with the connection: they are taken again on the next one."""
PASSING = ('rate_limited', 'unavailable', 'disconnected')
"""Failures after which trying again makes sense."""
TOKEN = ('invalid_token', 'token_expired')
"""Refusals that another token may mend."""


class LiveLink:
    """Lives from ``open`` to ``close``, or until the server refuses."""

    def __init__(self, url: str, *, token: LiveToken, updates: str, timing: LiveTiming) -> None:
        """
        :param url: of the server: scheme, host and port.
        :param updates: "full" or "changes": what the server sends; listeners always get the whole board.
        """
        self.feed = LiveFeed()
        self.token = token
        self._url = url.rstrip('/')
        self._updates = updates
        self._timing = timing
        self._tasks = Supervisor()
        self._channel: LiveChannel | None = None
        self._long_polling = False
        """Whether to begin without WebSocket, which a proxy may not let through: tried by turns."""
        self._query: dict[str, Mapping[str, Any]] = {}
        self._attempt: asyncio.Future[LiveError | None] = asyncio.get_running_loop().create_future()

    def open(self) -> None:
        self.feed.become(ConnectionStatus.CONNECTING)
        self._tasks.start('live link', self._run)

    async def attempt(self) -> LiveError | None:
        """Wait for the attempt to connect that is under way or next; why it failed, if it did."""
        return None if self._channel else await asyncio.shield(self._attempt)

    async def close(self) -> None:
        """End the connection and whatever is tried."""
        await self._tasks.stop()
        self._settle(Disconnected())
        if self.feed.status is not ConnectionStatus.ERROR:
            self.feed.become(ConnectionStatus.DISCONNECTED)

    async def authenticate(self, token: str) -> None:
        """Go on with another token of the same user.

        :raises LiveError: it is another user's, or the server does not take it; the link stays as it was.
        """
        self.token.check(token)
        if self._channel:
            await self._ask(self._channel, 'authenticate', {'token': token})
        self.token.value = token

    async def request(self) -> None:
        """Ask for the board; raises ``Disconnected`` where there is no connection."""
        await self._request(self._timing.answer)

    async def act(self, action: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
        """The server's acknowledgement of an action; raises ``LiveError`` when it refuses."""
        done: dict[str, Any] = await self._ask(
            self._connected(), 'user_action', {'action': action, 'data': dict(data or {})}
        )
        if action in QUERY:
            self._query[action] = dict(data or {})
        return done

    async def _run(self) -> None:
        """Follow one connection after the other until the server refuses for good."""
        failures, renewed = -1, False  # a first attempt that fails is followed by the first pause, as a loss is
        async with aiohttp.ClientSession() as http:
            polling = LivePolling(http, self._url)
            while True:
                error = await self._once(http)
                if error and error.code in TOKEN and not renewed:
                    error, renewed = await self._renew(error)
                    if renewed:
                        continue
                if error and error.code not in PASSING:
                    self._give_up(error)
                    return
                if error:
                    self.feed.retry_after = error.retry_after or self.feed.retry_after
                    self._settle(error)
                    self._long_polling = not self._long_polling
                failures, renewed = (failures + 1 if error else 0), False
                await self._pause(polling, failures)

    async def _once(self, http: aiohttp.ClientSession) -> LiveError | None:
        """Connect and follow until the connection has ended; why there was none, if so."""
        self.feed.board.begin()
        self.feed.holding = True
        channel = LiveChannel(http, self._url, self._hear)
        auth = {'token': self.token.value, 'updates': self._updates}
        try:
            transports = None if self._long_polling else ['websocket']
            await channel.open(auth, transports=transports, seconds=self._timing.answer)
            for action, data in self._query.items():  # look at what was looked at before
                await self._ask(channel, 'user_action', {'action': action, 'data': data})
        except LiveError as error:
            return error
        else:
            self._channel, self.feed.holding = channel, False
            self._settle(None)
            self.feed.become(ConnectionStatus.CONNECTED)
            self.feed.announce()
            await self._follow(channel)
            return None
        finally:
            self._channel, self.feed.holding = None, False
            await channel.close()

    async def _follow(self, channel: LiveChannel) -> None:
        """Until the connection has ended, or is found to be dead."""
        loop = asyncio.get_running_loop()
        while not channel.gone.is_set():
            left = channel.heard_at + self._timing.silence - loop.time()
            try:
                if left > 0:
                    async with asyncio.timeout(left):
                        await channel.gone.wait()
                else:
                    await self._request(self._timing.probe)
            except TimeoutError:
                continue
            except LiveError:
                return

    async def _pause(self, polling: LivePolling, failures: int) -> None:
        """Wait for the next attempt, and poll meanwhile; a server that answers again is tried at once."""
        loop = asyncio.get_running_loop()
        until = loop.time() + max(self._timing.pause(failures), self.feed.retry_after)
        self.feed.retry_after = 0.0
        if not self._timing.is_polling(failures):
            self.feed.become(ConnectionStatus.RECONNECTING)
        away = False
        while (left := until - loop.time()) > self._timing.poll:
            await asyncio.sleep(self._timing.poll)
            reached = await self._poll(polling)
            if self._timing.is_polling(failures):
                self.feed.become(ConnectionStatus.POLLING if reached else ConnectionStatus.RECONNECTING)
            if reached and away:
                return
            away = not reached
        await asyncio.sleep(max(left, 0))

    async def _poll(self, polling: LivePolling) -> bool:
        """Whether the server answered."""
        query = {key: value for data in self._query.values() for key, value in data.items()}
        try:
            found = await polling.poll(self.token.value, query)
        except LiveError:
            return True  # the next attempt to connect sees to it
        if isinstance(found, dict):
            self.feed.board.take_polled(found)
            self.feed.announce()
        return found is not Polled.UNREACHABLE

    def _hear(self, event: str, data: Any) -> None:
        need = self.feed.hear(event, data)
        if need is Need.BOARD:
            self._tasks.spawn('board after a gap', self._request_whole())
        elif need is Need.TOKEN:
            self._tasks.spawn('token renewal', self._renew_in_time())

    async def _request(self, seconds: float) -> None:
        last = self.feed.board.last
        data = {'since': list(last)} if last and self._updates == 'changes' else {}
        await self._ask(self._connected(), 'request_dashboard_data', data, seconds=seconds)

    async def _request_whole(self) -> None:
        with contextlib.suppress(Disconnected):  # the next connection begins with the whole
            await self._ask(self._connected(), 'request_dashboard_data', {})

    async def _renew(self, refusal: LiveError) -> tuple[LiveError, bool]:
        """After a refusal: what stands in the way now, and whether there is another token."""
        try:
            token = await self.token.another()
        except LiveError as error:
            if error.code in PASSING:
                self.feed.failed(error)
            return error, False
        if token is not None:
            self.token.value = token
        return refusal, token is not None

    async def _renew_in_time(self) -> None:
        """Before the present token ends; if it does not succeed, the end of the connection gives another try."""
        try:
            token = await self.token.another()
            if token is not None:
                await self.authenticate(token)
        except LiveError as error:
            self.feed.failed(error)

    async def _ask(self, channel: LiveChannel, event: str, data: Any, *, seconds: float | None = None) -> Any:
        """The acknowledgement; raises ``LiveError`` where it is a refusal."""
        answer = await channel.call(event, data, seconds=seconds or self._timing.answer)
        if isinstance(answer, dict) and 'code' in answer:
            raise LiveError.of(answer)
        return answer

    def _connected(self) -> LiveChannel:
        if self._channel is None:
            raise Disconnected
        return self._channel

    def _give_up(self, refusal: LiveError) -> None:
        self.feed.failed(refusal)
        self.feed.become(ConnectionStatus.ERROR)
        self._settle(refusal)

    def _settle(self, error: LiveError | None) -> None:
        """An attempt to connect has succeeded or failed: those who wait for it are told."""
        if not self._attempt.done():
            self._attempt.set_result(error)
            self._attempt = self._attempt.get_loop().create_future()
