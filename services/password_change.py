"""A new password by whoever knows the present one."""

from __future__ import annotations

from typing import NamedTuple

from sqlmodel import Session

from services import users
from services.database import Database
from services.errors import InvalidCredentials, InvalidRequest, InvalidToken
from services.identity import is_current
from services.models import User
from services.passwords import Passwords, acceptable
from services.sign_in import SignIn


class PasswordChanged(NamedTuple):
    token_version: int
    """What the session that goes on holds for now."""
    ended: frozenset[str]
    """The hashes of the browser sessions that ended."""


class PasswordChange:
    """Asks for the present password as a sign-in does, with the same limits."""

    def __init__(self, database: Database, *, sign_in: SignIn, passwords: Passwords) -> None:
        self._database = database
        self._sign_in = sign_in
        self._passwords = passwords

    async def change(self, user_id: int, current: str, new: str, *, keep: str, address: str) -> PasswordChanged:
        """Change the password from one of the user's browser sessions, which goes on; everything else ends.

        :param keep: the hash of that session's id.
        :param address: where the request comes from, for the limits.
        :raises InvalidRequest: the new one is not good enough, or the present one; the field is ``new``.
        :raises InvalidCredentials: the present one is not right; the field is ``current``.
        :raises InvalidToken: the session is over, or the account was closed or got another password meanwhile.
        :raises RateLimited: too many sign-ins have failed, for the account or from the address.
        :raises Unavailable: the database does not answer, or too many are signing in.
        """
        email = await self._email(user_id)
        _check(new, email=email)
        try:
            proved = await self._sign_in.user(email, current, address=address)
        except InvalidCredentials:
            raise InvalidCredentials('The current password is not right.', field='current') from None
        if await self._passwords.verify(proved.password_hash, new):
            raise InvalidRequest('That is the password you have now. Choose another one.', field='new')
        password_hash = await self._passwords.hash(new, email=email)

        def store(session: Session) -> PasswordChanged:
            user = users.hold(session, user_id)
            if user is None or not is_current(user, proved.token_version):
                raise InvalidToken
            ended = users.change_password_hash(session, user, password_hash, keep=keep)
            return PasswordChanged(token_version=user.token_version, ended=frozenset(ended))

        return await self._database.write(store)

    async def _email(self, user_id: int) -> str:
        user = await self._database.read(lambda session: session.get(User, user_id))
        if user is None:
            raise InvalidToken
        return user.email


def _check(new: str, *, email: str) -> None:
    try:
        acceptable(new, email=email)
    except InvalidRequest as error:
        raise InvalidRequest(error.message, field='new') from None
