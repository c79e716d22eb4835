"""The links of a process: one for each user, server and kind of updates, shared by all who want it."""

from __future__ import annotations

import asyncio
import contextlib

from services.live_errors import Disconnected
from services.live_feed import ConnectionStatus, FeedListener
from services.live_link import LiveLink
from services.live_timing import LiveTiming
from services.live_token import LiveToken, Renew, whose

Key = tuple[asyncio.AbstractEventLoop, str, str, str]


class LiveLinks:
    """Opens a link for the first who joins it, and closes it after the last."""

    def __init__(self) -> None:
        self._links: dict[Key, LiveLink] = {}

    async def join(
        self, url: str, token: str, listener: FeedListener, *, updates: str, renew: Renew | None, timing: LiveTiming
    ) -> LiveLink:
        """The user's link with one more listener: one that is connected, or else one of its own.

        :param renew: counts where the link has no way yet to get a new token.
        :param timing: of a link that is opened.
        :raises LiveError: the server does not take the token.
        """
        key = (asyncio.get_running_loop(), url, whose(token), updates)
        link = self._links.get(key)
        if link and link.feed.status is ConnectionStatus.CONNECTED:
            if token != link.token.value:
                with contextlib.suppress(Disconnected):
                    await link.authenticate(token)  # whose it is is only said by the token so far
            # it may have ended meanwhile
            if link.feed.status is ConnectionStatus.CONNECTED and token == link.token.value:
                link.token.renew = link.token.renew or renew
                link.feed.listeners.append(listener)
                return link
        link = self._links[key] = LiveLink(url, token=LiveToken(token, renew), updates=updates, timing=timing)
        link.feed.listeners.append(listener)
        link.open()
        return link

    async def leave(self, link: LiveLink, listener: FeedListener) -> None:
        link.feed.listeners.remove(listener)
        if not link.feed.listeners:
            self._links = {key: other for key, other in self._links.items() if other is not link}
            await link.close()


SHARED = LiveLinks()
"""Of the whole process."""
