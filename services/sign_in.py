"""Signing in by password."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from sqlmodel import Session

from services import users
from services.database import Database
from services.errors import InvalidCredentials, NotFound, Unavailable
from services.models import User
from services.passwords import Passwords
from services.sign_in_limits import SignInLimits

Sleep = Callable[[float], Awaitable[None]]


class SignIn:
    """Finds the user of an e-mail address and a password, slower and slower as it fails."""

    def __init__(
        self, database: Database, *, passwords: Passwords, limits: SignInLimits, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._limits = limits
        self._sleep = sleep

    async def user(self, email: str, password: str, *, address: str = '') -> User:
        """
        :param address: where it comes from, for the limits.
        :raises InvalidCredentials: the same for an unknown address, a wrong password and a disabled account.
        :raises RateLimited: too many have failed, for the account or from the address.
        :raises Unavailable: the database does not answer, or too many are signing in.
        """
        attempt = self._limits.begin(email, address)
        if attempt.delay:
            await self._sleep(attempt.delay)  # before a thread is taken, and whatever the password is
        try:
            user = await self._proved(email, password)
        except Unavailable:
            self._limits.undecided(attempt)
            raise
        if user is None:
            self._limits.failed()
            raise refused()
        self._limits.succeeded(attempt)
        await self._rehash(user, password)
        return user

    def close(self) -> None:
        self._passwords.close()

    async def _proved(self, email: str, password: str) -> User | None:
        user = await self._database.read(lambda session: _find(session, email))
        right = await self._passwords.verify(user.password_hash if user else None, password)
        return user if right and user and not user.disabled else None

    async def _rehash(self, user: User, password: str) -> None:
        """Bring an older hash up to today's parameters; not needed to sign in, so a busy database may skip it."""
        with contextlib.suppress(Unavailable):
            new = await self._passwords.rehash(user.password_hash, password)
            if new is not None:
                await self._database.write(lambda session: users.replace_hash(session, user, new))


def refused() -> InvalidCredentials:
    return InvalidCredentials('The e-mail address or the password is not right.')


def _find(session: Session, email: str) -> User | None:
    with contextlib.suppress(NotFound):
        return users.find(session, email)
    return None
