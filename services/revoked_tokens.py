"""Tokens that were called back before their time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from services import users
from services.clock import to_micros
from services.credential_tables import RevokedToken
from services.errors import RateLimited
from services.secret_hash import secret_hash

MOST = 1_000
"""Of a user at a time; they are forgotten as the tokens expire."""

UNDER_WAY = timedelta(minutes=1)
"""How long a renewal may take that was begun before its token was revoked."""

_TOO_MANY = 'You have revoked very many tokens. Change your password to end all of them.'


def revoke(session: Session, user_id: int, origin_id: str, *, until: datetime, now: datetime) -> None:
    """End all tokens of one sign-in of the user; what has ended stays so. Earlier ones are forgotten in their time.

    :param origin_id: of the first of these tokens.
    :param until: when the last of them will have expired, but for one whose renewal is under way.
    :raises RateLimited: 1,000 were revoked that have not expired yet.
    """
    user = users.hold(session, user_id)
    id_hash = secret_hash(origin_id)
    known = session.get(RevokedToken, (user_id, id_hash))
    if user is None or known is not None:
        return
    mine = col(RevokedToken.user_id) == user_id
    session.exec(delete(RevokedToken).where(mine, col(RevokedToken.expires_at) <= to_micros(now)))
    if session.exec(select(func.count()).select_from(RevokedToken).where(mine)).one() >= MOST:
        raise RateLimited(_TOO_MANY, retry_after=3600)
    session.add(RevokedToken(user_id=user_id, id_hash=id_hash, expires_at=to_micros(until + UNDER_WAY)))
    user.access_revision += 1
