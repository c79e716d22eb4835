"""Browser sessions: who holds a cookie. Only hashes of the cookies' ids are kept."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, update
from sqlmodel import Session, col, select

from services.clock import from_micros, to_micros
from services.models import BrowserSession, User
from services.secret_hash import secret_hash
from services.session_life import SessionEnd, SessionLife

_COOKIE_ID = re.compile(r'[A-Za-z0-9_-]{43}')


def hash_of(cookie_id: str) -> str:
    return secret_hash(cookie_id)


def is_cookie_id(value: str | None) -> bool:
    """Whether this may be an id of ours at all: anything else needs no look-up."""
    return value is not None and _COOKIE_ID.fullmatch(value) is not None


def start(
    session: Session, user: User, id_hash: str, *, now: datetime, expires_at: datetime, browser: str = ''
) -> None:
    """Keep a new session, and forget those of the user that have ended by themselves.

    :param browser: its name, for the list of sessions.
    """
    assert user.id is not None
    expired = col(BrowserSession.expires_at) <= to_micros(now)
    session.exec(delete(BrowserSession).where(col(BrowserSession.user_id) == user.id, expired))
    session.add(
        BrowserSession(
            id_hash=id_hash,
            user_id=user.id,
            token_version=user.token_version,
            created_at=to_micros(now),
            expires_at=to_micros(expires_at),
            browser=browser,
            last_seen_at=to_micros(now),
        )
    )


def find(session: Session, id_hash: str, *, now: datetime) -> tuple[BrowserSession, User] | None:
    """The session and its user, if it is valid now."""
    found = select(BrowserSession, User).where(col(BrowserSession.id_hash) == id_hash, _valid(now))
    return session.exec(found).one_or_none()


def living(session: Session, hashes: Collection[str], *, now: datetime) -> set[str]:
    """Those of the sessions that are valid now."""
    found = select(BrowserSession.id_hash).where(col(BrowserSession.id_hash).in_(hashes), _valid(now))
    return set(session.exec(found))


def prolong(session: Session, id_hash: str, *, life: SessionLife, now: datetime) -> SessionEnd | None:
    """Let it end later, as far as its life allows; ``None``: it is not valid now."""
    found = find(session, id_hash, now=now)
    if found is None:
        return None
    row, signed_in_at = found[0], from_micros(found[0].created_at)
    expires_at = life.prolonged(from_micros(row.expires_at), signed_in_at=signed_in_at, now=now)
    row.expires_at = to_micros(expires_at)
    session.add(row)
    return life.end(expires_at, signed_in_at=signed_in_at, now=now)


def end(session: Session, id_hash: str) -> bool:
    """Whether there was such a session to end."""
    return session.exec(delete(BrowserSession).where(col(BrowserSession.id_hash) == id_hash)).rowcount > 0


def end_all(session: Session, user_id: int) -> None:
    session.exec(delete(BrowserSession).where(col(BrowserSession.user_id) == user_id))


def of_user(session: Session, user_id: int, *, now: datetime) -> list[BrowserSession]:
    """The user's valid sessions, the latest sign-in first."""
    found = select(BrowserSession).join(User, col(User.id) == col(BrowserSession.user_id))
    mine = found.where(col(BrowserSession.user_id) == user_id, _valid(now))
    return list(session.exec(mine.order_by(col(BrowserSession.created_at).desc(), col(BrowserSession.id_hash))))


def end_of_user(session: Session, user_id: int, id_hash: str) -> bool:
    """Whether the user had such a session to end."""
    mine = (col(BrowserSession.user_id) == user_id, col(BrowserSession.id_hash) == id_hash)
    return session.exec(delete(BrowserSession).where(*mine)).rowcount > 0


def end_others(session: Session, user_id: int, keep: str, *, now: datetime) -> set[str]:
    """End all of the user's sessions but one; those that had not ended by themselves."""
    others = (col(BrowserSession.user_id) == user_id, col(BrowserSession.id_hash) != keep)
    lasting = select(BrowserSession.id_hash).where(*others, col(BrowserSession.expires_at) > to_micros(now))
    ended = set(session.exec(lasting))
    session.exec(delete(BrowserSession).where(*others))
    return ended


def carry_over(session: Session, user: User, id_hash: str) -> bool:
    """Let a session of the user go on at the account's present token version; whether there is such a session."""
    mine = (col(BrowserSession.user_id) == user.id, col(BrowserSession.id_hash) == id_hash)
    return session.exec(update(BrowserSession).where(*mine).values(token_version=user.token_version)).rowcount > 0


def _valid(now: datetime) -> ColumnElement[bool]:
    """Not expired, and its user as at the sign-in: same token version, not disabled."""
    return and_(
        col(User.id) == col(BrowserSession.user_id),
        col(BrowserSession.expires_at) > to_micros(now),
        col(User.token_version) == col(BrowserSession.token_version),
        ~col(User.disabled),
    )
