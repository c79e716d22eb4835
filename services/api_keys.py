"""API keys: what programs show in place of a token, for as long as nobody revokes them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from sqlmodel import Session, col, select

from services import users
from services.clock import Clock, from_micros, system_clock, to_micros
from services.credential_tables import ApiKey
from services.database import Database
from services.errors import InvalidRequest, InvalidToken, NotFound
from services.identity import KeyScope, is_current
from services.models import User
from services.secret_hash import secret_hash

PREFIX = 'cbk_'
"""So that people, and programs that look for leaked secrets, know one when they see it."""

MOST = 50
"""Keys of a user at a time; of those that were revoked, as many are still shown."""

MAX_NAME = 100

_SHAPE = re.compile(f'{PREFIX}[A-Za-z0-9_-]{{43}}')
_SAME_NAME = 'There is a key of this name already. Choose another name, or revoke that key first.'
_UNKNOWN = 'There is no such key: GET /api/keys lists them.'


@dataclass(frozen=True, kw_only=True)
class ApiKeyInfo:
    """What may be shown of a key."""

    id: int
    name: str
    scope: KeyScope
    created_at: datetime
    last_used_at: datetime | None
    """To the minute."""
    revoked: bool
    """By its user, or by a new password."""


@dataclass(frozen=True, kw_only=True)
class NewApiKey:
    """A key that was just made: its text is known now and never again."""

    info: ApiKeyInfo
    key: str


class ApiKeys:
    """Makes, lists and revokes the keys of users."""

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, user_id: int, name: str, scope: KeyScope, *, token_version: int) -> NewApiKey:
        """
        :param name: 1 to 100 printable characters, unlike those of the user's other keys.
        :param token_version: of the identity that asks.
        :raises InvalidRequest: the name will not do, or there are 50 keys already.
        :raises InvalidToken: the account was closed or got another password in the meantime.
        """
        wanted, key = _checked_name(name), PREFIX + secrets.token_urlsafe(32)

        def store(session: Session) -> ApiKeyInfo:
            user = users.hold(session, user_id)
            if user is None or not is_current(user, token_version):
                raise InvalidToken
            row = ApiKey(
                user_id=user_id,
                id=_make_room(session, user, wanted),
                key_hash=secret_hash(key),
                name=wanted,
                scope=scope,
                token_version=user.token_version,
                created_at=to_micros(self._clock()),
            )
            session.add(row)
            user.access_revision += 1
            return _info(row, user)

        return NewApiKey(info=await self._database.write(store), key=key)

    async def list(self, user_id: int) -> list[ApiKeyInfo]:
        """The user's keys, newest first, with those revoked last."""
        return await self._database.read(lambda session: [_info(*found) for found in _keys(session, user_id)])

    async def revoke(self, user_id: int, key_id: int) -> ApiKeyInfo:
        """End a key, and every connection that was opened with it; one that has ended stays so.

        :raises NotFound: the user has no such key.
        """

        def end(session: Session) -> ApiKeyInfo:
            user, row = users.hold(session, user_id), session.get(ApiKey, (user_id, key_id))
            if user is None or row is None:
                raise NotFound(_UNKNOWN)
            row.revoked = True
            user.access_revision += 1
            return _info(row, user)

        return await self._database.write(end)


def is_key(value: object) -> TypeGuard[str]:
    """Whether this may be a key of ours at all: anything else needs no look-up."""
    return isinstance(value, str) and _SHAPE.fullmatch(value) is not None


def _keys(session: Session, user_id: int) -> list[tuple[ApiKey, User]]:
    found = select(ApiKey, User).join(User, col(User.id) == col(ApiKey.user_id))
    return list(session.exec(found.where(col(ApiKey.user_id) == user_id).order_by(col(ApiKey.id).desc())))


def _make_room(session: Session, user: User, name: str) -> int:
    """The id of the user's next key; forgets the oldest of those that were revoked.

    :raises InvalidRequest: the name is in use, or there is no room.
    """
    assert user.id is not None
    rows = [row for row, _ in _keys(session, user.id)]
    valid = [row for row in rows if not _has_ended(row, user)]
    if any(row.name == name for row in valid):
        raise InvalidRequest(_SAME_NAME, field='name')
    if len(valid) >= MOST:
        raise InvalidRequest(f'You have {MOST} keys already. Revoke one that is no longer needed first.')
    for row in [row for row in rows if _has_ended(row, user)][MOST:]:
        session.delete(row)
    return rows[0].id + 1 if rows else 1


def _has_ended(row: ApiKey, user: User) -> bool:
    return row.revoked or row.token_version != user.token_version


def _info(row: ApiKey, user: User) -> ApiKeyInfo:
    return ApiKeyInfo(
        id=row.id,
        name=row.name,
        scope=KeyScope(row.scope),
        created_at=from_micros(row.created_at),
        last_used_at=None if row.last_used_at is None else from_micros(row.last_used_at),
        revoked=_has_ended(row, user),
    )


def _checked_name(name: str) -> str:
    wanted = name.strip()
    if not wanted or len(wanted) > MAX_NAME or not wanted.isprintable():
        raise InvalidRequest(f'A name of 1 to {MAX_NAME} printable characters is needed.', field='name')
    return wanted
