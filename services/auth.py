"""Who is asking: sign-in, browser sessions, tokens and API keys, each answered with an ``Identity``."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from sqlmodel import Session

from services import revoked_tokens, sessions
from services.clock import Clock, from_micros, system_clock
from services.counters import Counters
from services.credential_check import CredentialCheck
from services.credentials import Credentials
from services.database import Database
from services.errors import Forbidden, InvalidToken
from services.identity import Identity, IssuedToken, Proof, Right, is_current
from services.key_use import KeyUse
from services.models import User
from services.password_change import PasswordChange, PasswordChanged
from services.passwords import Passwords
from services.session_life import SessionEnd, SessionLife
from services.session_use import SessionUse
from services.sign_in import SignIn, refused
from services.sign_in_limits import SignInLimits
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
        session_hours: float,
        session_max_hours: float = 0,
        clock: Clock = system_clock,
        passwords: Passwords | None = None,
        lookup: UserLookup | None = None,
        limits: SignInLimits | None = None,
        key_use: KeyUse | None = None,
        session_use: SessionUse | None = None,
    ) -> None:
        """
        :param session_max_hours: how far a session may be prolonged, from the sign-in on.
        :param lookup: whoever else looks users up may share it.
        :param key_use: somebody has to run it, and ``session_use``.
        """
        self._database = database
        self._clock = clock
        self._session_use = session_use or SessionUse(database, clock=clock)
        self._token_life = timedelta(seconds=token_seconds)
        self.session_life = SessionLife(length=timedelta(hours=session_hours), limit=timedelta(hours=session_max_hours))
        limits = limits or SignInLimits(counters=Counters())
        passwords = passwords or Passwords()
        self._sign_in = SignIn(database, passwords=passwords, limits=limits)
        self._password_change = PasswordChange(database, sign_in=self._sign_in, passwords=passwords, clock=clock)
        self._tokens = Tokens(secret_key, max_seconds=token_seconds, clock=clock)
        self.credentials = Credentials(database)
        self._check = CredentialCheck(
            database,
            tokens=self._tokens,
            lookup=lookup or UserLookup(database),
            credentials=self.credentials,
            key_use=key_use or KeyUse(database, clock=clock),
            clock=clock,
        )

    async def sign_in(self, email: str, password: str, *, address: str = '') -> Identity:
        """Prove an identity by password; raises as :meth:`SignIn.user`."""
        user = await self._sign_in.user(email, password, address=address)
        # Good for whatever it is exchanged for at once; sessions and tokens then count from their own start.
        now = self._clock()
        return Identity.of(user, expires_at=now + max(self._token_life, self.session_life.length), signed_in_at=now)

    async def start_session(self, identity: Identity, *, browser: str = '') -> str:
        """Begin a browser session and return the cookie's value.

        :param browser: its name, for the list of the user's sessions.
        :raises InvalidCredentials: the account was closed or got another password in the meantime.
        """
        cookie_id, now = secrets.token_urlsafe(32), self._clock()

        def start(session: Session) -> None:
            user = session.get(User, identity.user_id)
            if user is None or not is_current(user, identity.token_version):
                raise refused()
            id_hash, expires_at = self.session_hash(cookie_id), now + self.session_life.length
            sessions.start(session, user, id_hash, now=now, expires_at=expires_at, browser=browser)

        await self._database.write(start)
        return cookie_id

    async def session(self, cookie_id: str | None) -> Identity | None:
        """Whose valid browser session this is, if any.

        :raises Unavailable: the database does not answer.
        """
        if cookie_id is None or not sessions.is_cookie_id(cookie_id):
            return None
        return await self._of_session(self.session_hash(cookie_id))

    async def prolong_session(self, id_hash: str) -> SessionEnd:
        """Let a browser session last as long as a new one would, up to its limit.

        :raises InvalidToken: it has ended.
        :raises Unavailable: the database does not answer.
        """
        now = self._clock()
        found = await self._database.write(
            lambda session: sessions.prolong(session, id_hash, life=self.session_life, now=now)
        )
        if found is None:
            raise InvalidToken
        return found

    def session_end(self, identity: Identity) -> SessionEnd | None:
        """When the browser session ends by whose cookie somebody is known; ``None``: it is something else."""
        if identity.session_hash is None or identity.origin_id is not None or identity.signed_in_at is None:
            return None
        return self.session_life.end(identity.expires_at, signed_in_at=identity.signed_in_at, now=self._clock())

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

    async def change_password(
        self, user_id: int, current: str, new: str, *, keep: str, address: str = ''
    ) -> PasswordChanged:
        """As :meth:`PasswordChange.change`."""
        return await self._password_change.change(user_id, current, new, keep=keep, address=address)

    async def living_sessions(self, hashes: Collection[str]) -> set[str]:
        """Those of the browser sessions that are still valid, in one query; who asks has something open of them."""
        wanted, now = set(hashes), self._clock()
        if not wanted:
            return set()
        living = await self._database.read(lambda session: sessions.living(session, wanted, now=now))
        self._session_use.note_all(living)
        return living

    async def authenticate_user(self, token: object) -> Identity:
        """Whose token or API key this is: the one check behind REST and Socket.IO.

        What an API key opens is not decided here: :meth:`Identity.require`.

        :raises InvalidToken: whatever is wrong with it.
        :raises Unavailable: the database does not answer.
        """
        return await self._check.identity(token)

    async def lasts(self, user_id: int, right: Right) -> bool:
        """Whether what was proved has neither expired nor been called back since; raises ``Unavailable``."""
        return await self._check.version_now(user_id, right) is not None

    async def version_now(self, user_id: int, right: Right) -> int | None:
        """As :meth:`CredentialCheck.version_now`; raises ``Unavailable``."""
        return await self._check.version_now(user_id, right)

    def issue_token(self, identity: Identity) -> IssuedToken:
        """A token that ends no later than the identity it is issued for.

        :raises InvalidToken: the identity has expired.
        :raises Forbidden: it is that of an API key, and a token opens more.
        """
        identity.require()
        left = int(min(self._token_life, identity.expires_at - self._clock()).total_seconds())
        if left <= 0:
            raise InvalidToken
        token = self._tokens.issue(
            identity.user_id,
            identity.token_version,
            seconds=left,
            session_hash=identity.session_hash,
            signed_in_at=identity.signed_in_at,
            origin_id=identity.origin_id,
        )
        return IssuedToken(access_token=token, expires_in=left)

    async def renew(self, identity: Identity) -> IssuedToken:
        """A token that lives as long as a new one, but not beyond its session, and ends where the old one is revoked.

        Without a session, renewals end as one that nobody prolongs: so that a stolen token does not live for ever.

        :raises InvalidToken: the browser session has ended.
        :raises Forbidden: the password was given longer ago than a session may last; or it is that of an API key.
        """
        identity.require()
        now = self._clock()
        until = (identity.signed_in_at or now) + self.session_life.length
        if identity.session_hash is not None:
            session = await self._of_session(identity.session_hash)
            if session is None:
                raise InvalidToken
            until = session.expires_at
        if until <= now + timedelta(seconds=1):
            raise Forbidden('You signed in too long ago to go on without your password. Sign in again.')
        return self.issue_token(replace(identity, expires_at=until))

    async def revoke_token(self, user_id: int | None, token: object) -> None:
        """Call back a token of the user, expired or not, with all that were renewed from it, or it from.

        :param user_id: who asks; ``None``: whoever shows the token itself.
        :raises Forbidden: it is somebody else's.
        :raises RateLimited: the user has revoked very many.
        """
        try:
            claims = self._tokens.recognize(token)
        except InvalidToken:
            return
        if user_id not in (None, claims.user_id):
            raise Forbidden('This token is not yours to revoke.')
        now = self._clock()
        until = now + self._token_life  # none of them can be renewed from now on
        await self._database.write(
            lambda session: revoked_tokens.revoke(session, claims.user_id, claims.origin_id, until=until, now=now)
        )

    def close(self) -> None:
        self._sign_in.close()

    async def _of_session(self, id_hash: str) -> Identity | None:
        now = self._clock()
        found = await self._database.read(lambda session: sessions.find(session, id_hash, now=now))
        if found is None:
            return None
        self._session_use.note(id_hash)
        row, user = found
        return Identity.of(
            user,
            expires_at=from_micros(row.expires_at),
            proof=Proof(session_hash=id_hash),
            signed_in_at=from_micros(row.created_at),
        )
