"""Which open pages belong to which browser session: they end with it."""

from __future__ import annotations

import logging
from collections import defaultdict

from nicegui import Client

from services.auth import Auth

log = logging.getLogger(__name__)


class PageRegistry:
    """Knows the open pages of this process and closes those whose session is over."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth
        self._pages: defaultdict[str, set[Client]] = defaultdict(set)

    def add(self, session_hash: str, client: Client) -> None:
        """A page was opened; it is forgotten when it is closed."""
        self._pages[session_hash].add(client)
        client.on_delete(lambda: self._forget(session_hash, client))

    def end(self, session_hash: str) -> None:
        """The session is over: delete its pages on the server; each sends its browser away as it goes."""
        for client in list(self._pages.pop(session_hash, ())):
            try:
                _wait_no_longer(client)
                client.delete()
            except Exception:  # the others have to end all the same
                log.exception('A page could not be ended')

    async def check(self) -> None:
        """End the pages of sessions that ended elsewhere, or expired; called at each beat."""
        open_sessions = list(self._pages)
        living = await self._auth.living_sessions(open_sessions)
        for session_hash in open_sessions:
            if session_hash not in living:
                self.end(session_hash)

    def __len__(self) -> int:
        return sum(map(len, self._pages.values()))

    def _forget(self, session_hash: str, client: Client) -> None:
        pages = self._pages.get(session_hash)
        if pages:
            pages.discard(client)
            if not pages:
                del self._pages[session_hash]


def _wait_no_longer(client: Client) -> None:
    """A page whose browser has left is deleted by NiceGUI after a while: twice would be an error in the log."""
    for waiting in client._delete_tasks.values():
        waiting.cancel()
