"""The browsers a person is signed in with: listed, and signed out from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services import sessions
from services.clock import Clock, from_micros, system_clock
from services.database import Database
from services.errors import NotFound
from services.models import BrowserSession


@dataclass(frozen=True, kw_only=True)
class SessionInfo:
    id_hash: str
    """The hash of its cookie's id: for this server alone."""
    browser: str
    """Such as "Firefox on Linux"; empty where it is not known."""
    signed_in_at: datetime
    expires_at: datetime
    last_seen_at: datetime | None = None
    """By some minutes; ``None``: not since it could be told."""


class BrowserSessions:
    """Of each user's own; another's are not there."""

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, user_id: int) -> list[SessionInfo]:
        """Those that are valid now, the latest sign-in first.

        :raises Unavailable: the database does not answer.
        """
        now = self._clock()
        return await self._database.read(
            lambda session: [_info(row) for row in sessions.of_user(session, user_id, now=now)]
        )

    async def end(self, user_id: int, id_hash: str) -> None:
        """Sign one browser out.

        :raises NotFound: the user has no such session, or not any more.
        :raises Unavailable: the database does not answer.
        """
        if not await self._database.write(lambda session: sessions.end_of_user(session, user_id, id_hash)):
            raise NotFound('That browser is signed out already.')

    async def end_others(self, user_id: int, *, keep: str) -> frozenset[str]:
        """Sign all browsers out but one.

        :param keep: its session's hash.
        :returns: the hashes of those that ended.
        :raises Unavailable: the database does not answer.
        """
        now = self._clock()
        return frozenset(
            await self._database.write(lambda session: sessions.end_others(session, user_id, keep, now=now))
        )


def _info(row: BrowserSession) -> SessionInfo:
    return SessionInfo(
        id_hash=row.id_hash,
        browser=row.browser,
        signed_in_at=from_micros(row.created_at),
        expires_at=from_micros(row.expires_at),
        last_seen_at=None if row.last_seen_at is None else from_micros(row.last_seen_at),
    )
