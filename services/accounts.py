"""What people may know and change of their own account."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmodel import Session

from services import generations, users
from services.database import Database
from services.errors import InvalidToken
from services.models import User
from services.revisions import next_revision
from services.user_lock import hold
from services.user_states import user_states


@dataclass(frozen=True, kw_only=True)
class Account:
    email: str
    name: str
    time_zone: str
    """Whose days the person wants to see."""
    days_of: str
    """The zone whose days are shown; another one while those of ``time_zone`` are being worked out."""
    worked_out: int = 0
    """Customers that are done, while they are."""
    customers: int = 0
    """Of so many."""


class Accounts:
    """Reads and changes accounts, on the database's threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: int) -> Account:
        """
        :raises InvalidToken: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """
        return await self._database.read(lambda session: _account(session, user_id))

    async def rename(self, user_id: int, name: str) -> Account:
        """
        :param name: at most 100 printable characters; empty: none.
        :raises InvalidRequest: it will not do.
        :raises NotFound: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """

        def store(session: Session) -> Account:
            users.rename(session, user_id, name)
            return _account(session, user_id)

        return await self._database.write(store)

    async def move(self, user_id: int, zone: str) -> Account:
        """Show the days of another time zone, as soon as they are worked out: :class:`RollupUpkeep` does that.

        :param zone: a name such as Europe/Berlin.
        :raises InvalidRequest: there is no such zone.
        :raises NotFound: there is no such user any more.
        :raises Unavailable: the database does not answer.
        """

        def store(session: Session) -> Account:
            users.move(session, user_id, zone)
            _have_days_of(session, user_id, zone)
            return _account(session, user_id)

        return await self._database.write(store)


def _have_days_of(session: Session, user_id: int, zone: str) -> None:
    built_for = hold(session, user_id).rollup_zone
    if built_for is None:
        next_revision(session, user_id)  # nothing is to be worked out: whoever looks sees the other days at once
    elif built_for == zone:
        generations.abandon(session, user_id)  # back before those of another zone were there


def _account(session: Session, user_id: int) -> Account:
    session.flush()
    user, state = session.get(User, user_id), user_states(session, [user_id]).get(user_id)
    if user is None or state is None:
        raise InvalidToken
    account = Account(email=user.email, name=user.name, time_zone=user.time_zone, days_of=state.time_zone)
    if account.days_of == account.time_zone:
        return account
    done, customers = generations.progress(session, user_id)
    return replace(account, worked_out=min(done, customers), customers=customers)
