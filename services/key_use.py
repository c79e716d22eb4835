"""When API keys were last used: written beside the requests, for many keys at once."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import or_, update
from sqlmodel import Session, col

from services.clock import MICROSECOND, Clock, system_clock, to_micros
from services.credential_tables import ApiKey
from services.database import Database
from services.errors import Unavailable
from services.last_known import LastKnown

log = logging.getLogger(__name__)

PRECISION = timedelta(minutes=1)
"""A key's last use is written at most so often."""

REMEMBERED = 10_000


class KeyUse:
    """Notes uses at no cost for whoever uses a key; :meth:`run` writes them down."""

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock
        self._noted: LastKnown[datetime] = LastKnown(size=REMEMBERED)
        self._pending: set[str] = set()
        self._wanted = asyncio.Event()

    def note(self, key_hash: str) -> None:
        """A key was used just now."""
        now, before = self._clock(), self._noted.get(key_hash)
        if before is None or abs(now - before) >= PRECISION:
            self._noted.put(key_hash, now)
            self._pending.add(key_hash)
            self._wanted.set()

    async def run(self) -> None:
        """Write for ever, as soon as there is something."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.write()

    async def write(self) -> None:
        """Write what was noted. Where that fails it is lost, and a use a minute later is not."""
        used, self._pending = self._pending, set()
        if not used:
            return
        try:
            await self._database.write(partial(_write, used=used, now=to_micros(self._clock())))
        except Unavailable as error:
            log.warning('When API keys were used could not be written: %s', error.message)


def _write(session: Session, *, used: set[str], now: int) -> None:
    """Not if another server has only just done it."""
    last = col(ApiKey.last_used_at)
    due = or_(last.is_(None), last <= now - PRECISION // MICROSECOND)
    session.execute(update(ApiKey).where(col(ApiKey.key_hash).in_(used), due).values(last_used_at=now))
