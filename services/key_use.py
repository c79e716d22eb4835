"""When API keys were last used."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col

from services.clock import MICROSECOND, Clock, system_clock
from services.credential_tables import ApiKey
from services.database import Database
from services.last_use import LastUse

PRECISION = timedelta(minutes=1)


class KeyUse(LastUse):
    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        super().__init__(database, _write, of='API keys', precision=PRECISION, clock=clock)


def _write(session: Session, used: frozenset[str], now: int) -> None:
    last = col(ApiKey.last_used_at)
    due = or_(last.is_(None), last <= now - PRECISION // MICROSECOND)
    session.execute(update(ApiKey).where(col(ApiKey.key_hash).in_(used), due).values(last_used_at=now))
