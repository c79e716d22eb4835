"""When browser sessions were last used: by a request with their cookie, or a page that is open."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col

from services.clock import MICROSECOND, Clock, system_clock
from services.database import Database
from services.last_use import LastUse
from services.models import BrowserSession

PRECISION = timedelta(minutes=5)
GATHER = timedelta(seconds=10)


class SessionUse(LastUse):
    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        super().__init__(database, _write, of='browser sessions', precision=PRECISION, gather=GATHER, clock=clock)


def _write(session: Session, used: frozenset[str], now: int) -> None:
    last = col(BrowserSession.last_seen_at)
    due = or_(last.is_(None), last <= now - PRECISION // MICROSECOND)
    session.execute(update(BrowserSession).where(col(BrowserSession.id_hash).in_(used), due).values(last_seen_at=now))
