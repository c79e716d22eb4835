"""Tokens that were called back before their time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from services import users
from services.clock import to_micros
from services.credential_tables import RevokedToken
from services.errors import RateLimited
from services.secret_hash import secret_hash

MOST = 1_000
"""Of a user at a time; they are forgotten as they expire."""

_TOO_MANY = 'You have revoked very many tokens. Change your password to end all of them.'


def revoke(session: Session, user_id: int, token_id: str, *, expires_at: datetime, now: datetime) -> None:
    """End one token of the user; one that has ended stays so. Those that have expired meanwhile are forgotten.

    :raises RateLimited: 1,000 were revoked that have not expired yet.
    """
    user = users.hold(session, user_id)
    id_hash = secret_hash(token_id)
    known = session.get(RevokedToken, (user_id, id_hash))
    if user is None or known is not None or expires_at <= now:
        return
    mine = col(RevokedToken.user_id) == user_id
    session.exec(delete(RevokedToken).where(mine, col(RevokedToken.expires_at) <= to_micros(now)))
    if session.exec(select(func.count()).select_from(RevokedToken).where(mine)).one() >= MOST:
        raise RateLimited(_TOO_MANY, retry_after=3600)
    session.add(RevokedToken(user_id=user_id, id_hash=id_hash, expires_at=to_micros(expires_at)))
    user.access_revision += 1
