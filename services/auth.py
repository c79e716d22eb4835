"""Who is asking: sign-in, browser sessions and tokens, each answered with an ``Identity``."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from sqlmodel import Session

from services import sessions, users
from services.clock import Clock, from_micros, system_clock
from services.database import Database
from services.errors import InvalidCredentials, InvalidToken, NotFound, Unavailable
from services.identity import Identity, IssuedToken, is_current
from services.models import User
from services.passwords import Passwords
from services.tokens import Tokens
from services.user_lookup import UserLookup

__all__ = ['Auth', 'Identity', 'IssuedToken']


class Auth:
    """Proves identities. The database and argon2 run on threads; nothing here holds the event loop."""

    def __init__(
        self,
        database: Database,
        *,
        secret_key: str,
        token_seconds: int,
        session_hours: int,
        clock: Clock = system_clock,
        passwords: Passwords | None = None,
        lookup: UserLookup | None = None,
    ) -> None:
        """:param lookup: whoever else looks users up may share it."""
        self._database = database
        self._clock = clock
        self._token_life = timedelta(seconds=token_seconds)
        self.session_life = timedelta(hours=session_hours)
        self._passwords = passwords or Passwords()
        self._lookup = lookup or UserLookup(database)
        self._tokens = Tokens(secret_key, max_seconds=token_seconds, clock=clock)

    async def sign_in(self, email: str, password: str) -> Identity:
        """Prove an identity by password.

        :raises InvalidCredentials: the same for an unknown address, a wrong password and a disabled account.
        """
        user = await self._database.read(lambda session: _find(session, email))
        right = await self._passwords.verify(user.password_hash if user else None, password)
        if user is None or not right or user.disabled:
            raise _refused()
        await self._rehash(user, password)
        # Good for whatever it is exchanged for at once; sessions and tokens then count from their own start.
        return Identity.of(user, expires_at=self._clock() + max(self._token_life, self.session_life))

    async def start_session(self, identity: Identity) -> str:
        """Begin a browser session and return the cookie's value.

        :raises InvalidCredentials: the account was closed or got another password in the meantime.
        """
        cookie_id, now = secrets.token_urlsafe(32), self._clock()

        def start(session: Session) -> None:
            user = session.get(User, identity.user_id)
            if user is None or not is_current(user, identity.token_version):
                raise _refused()
            sessions.start(session, user, self.session_hash(cookie_id), now=now, expires_at=now + self.session_life)

        await self._database.write(start)
        return cookie_id

    async def session(self, cookie_id: str | None) -> Identity | None:
        """Whose valid browser session this is, if any.

        :raises Unavailable: the database does not answer.
        """
        if cookie_id is None or not sessions.is_cookie_id(cookie_id):
            return None
        id_hash, now = self.session_hash(cookie_id), self._clock()
        found = await self._database.read(lambda session: sessions.find(session, id_hash, now=now))
        if found is None:
            return None
        row, user = found
        return Identity.of(user, expires_at=from_micros(row.expires_at), session_hash=id_hash)

    async def end_session(self, cookie_id: str | None) -> str | None:
        """Sign out; the hash of the session that ended, if there was one."""
        if cookie_id is None or not sessions.is_cookie_id(cookie_id):
            return None
        id_hash = self.session_hash(cookie_id)
        ended = await self._database.write(lambda session: sessions.end(session, id_hash))
        return id_hash if ended else None

    @staticmethod
    def session_hash(cookie_id: str) -> str:
        return sessions.hash_of(cookie_id)

    async def living_sessions(self, hashes: Collection[str]) -> set[str]:
        """Those of the browser sessions that are still valid, in one query."""
        wanted, now = set(hashes), self._clock()
        return await self._database.read(lambda session: sessions.living(session, wanted, now=now)) if wanted else set()

    async def current_versions(self, user_ids: Collection[int]) -> dict[int, int]:
        """The token version of each of these users who may still sign in, in one query.

        A connection whose version is another one than its user's has ended.
        """
        wanted = set(user_ids)
        return await self._database.read(lambda session: users.current_versions(session, wanted)) if wanted else {}

    async def authenticate_user(self, token: object) -> Identity:
        """Whose token this is: the one check behind REST and Socket.IO.

        :raises InvalidToken: whatever is wrong with it.
        :raises Unavailable: the database does not answer.
        """
        claims = self._tokens.verify(token)
        state = await self._lookup.state(claims.user_id)
        if state is None or state.disabled or state.token_version != claims.token_version:
            raise InvalidToken
        if claims.session_hash is not None and not await self.living_sessions([claims.session_hash]):
            raise InvalidToken
        return Identity.of_state(state, expires_at=claims.expires_at, session_hash=claims.session_hash)

    def issue_token(self, identity: Identity) -> IssuedToken:
        """A token that ends no later than the identity it is issued for.

        :raises InvalidToken: the identity has expired.
        """
        left = int(min(self._token_life, identity.expires_at - self._clock()).total_seconds())
        if left <= 0:
            raise InvalidToken
        token = self._tokens.issue(
            identity.user_id, identity.token_version, seconds=left, session_hash=identity.session_hash
        )
        return IssuedToken(access_token=token, expires_in=left)

    def close(self) -> None:
        self._passwords.close()

    async def _rehash(self, user: User, password: str) -> None:
        """Bring an older hash up to today's parameters; not needed to sign in, so a busy database may skip it."""
        with contextlib.suppress(Unavailable):
            new = await self._passwords.rehash(user.password_hash, password)
            if new is not None:
                await self._database.write(lambda session: users.replace_hash(session, user, new))


def _find(session: Session, email: str) -> User | None:
    with contextlib.suppress(NotFound):
        return users.find(session, email)
    return None


def _refused() -> InvalidCredentials:
    return InvalidCredentials('The e-mail address or the password is not right.')
