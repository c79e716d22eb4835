"""Views that people saved for themselves: a query under a name, which opens the board on it again."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, replace

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text
from sqlmodel import Field, Session, SQLModel, col, select

from services import users
from services.clock import Clock, system_clock, to_micros
from services.database import Database
from services.errors import InvalidRequest, InvalidToken, NotFound
from services.query import DashboardQuery

LONGEST_NAME = 60
MOST = 100
"""Views of a user at a time."""

UNKNOWN = 'There is no such view: it may have been deleted.'
_SAME_NAME = 'There is a view of this name already. Choose another name, or replace that view.'


class StoredView(SQLModel, table=True):
    """One view of one user."""

    __tablename__ = 'saved_view'
    __table_args__ = (
        Index('ux_saved_view_name', 'user_id', 'folded_name', unique=True),
        {'sqlite_with_rowid': False},
    )

    user_id: int = Field(
        sa_column=Column(ForeignKey('user.id', ondelete='CASCADE'), primary_key=True, autoincrement=False)
    )
    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={'autoincrement': False})
    """The microsecond in which it was first saved, or the first later one that is free: never used for another."""
    name: str = Field(sa_column=Column(Text, nullable=False))
    folded_name: str = Field(sa_column=Column(Text, nullable=False))
    query: str = Field(sa_column=Column(Text, nullable=False))
    """The public keys of the query as JSON."""


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """A view as its user sees it."""

    id: int
    name: str
    query: DashboardQuery | None
    """``None``: it was saved by another release, and this one cannot read it."""
    stored: str
    """The query as it is kept, read or not."""


class SavedViews:
    """Keeps, lists and forgets views, on the database's threads."""

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, user_id: int) -> list[SavedView]:
        """The user's views by name.

        :raises Unavailable: the database does not answer.
        """
        return await self._database.read(lambda session: [_view(row) for row in _rows(session, user_id)])

    async def add(self, user_id: int, name: str, query: DashboardQuery) -> SavedView:
        """
        :param name: 1 to 60 printable characters, unlike those of the user's other views in any case.
        :raises InvalidRequest: the name will not do, or there are 100 views already.
        :raises InvalidToken: there is no such user any more.
        """
        wanted = _checked_name(name)
        return await self._database.write(
            lambda session: _insert(
                session, user_id, SavedView(id=self._now(), name=wanted, query=query, stored=_written(query))
            )
        )

    async def restore(self, user_id: int, view: SavedView) -> SavedView:
        """Bring a deleted view back as it was; one that is there again already stays as it is.

        :raises InvalidRequest: its name was given to another view meanwhile, or there are 100 views.
        """

        def restore(session: Session) -> SavedView:
            present = session.get(StoredView, (user_id, view.id))
            return _view(present) if present else _insert(session, user_id, view)

        return await self._database.write(restore)

    async def change(
        self, user_id: int, view_id: int, *, name: str | None = None, query: DashboardQuery | None = None
    ) -> SavedView:
        """Give a view another name, another query, or both; ``None``: it stays as it is.

        :raises NotFound: the user has no such view.
        :raises InvalidRequest: the name will not do.
        """
        wanted = None if name is None else _checked_name(name)

        def change(session: Session) -> SavedView:
            row = _held(session, user_id, view_id)
            if wanted is not None:
                _refuse_taken(session, user_id, wanted, besides=view_id)
                row.name, row.folded_name = wanted, wanted.casefold()
            if query is not None:
                row.query = _written(query)
            session.add(row)
            return _view(row)

        return await self._database.write(change)

    async def delete(self, user_id: int, view_id: int) -> SavedView:
        """Forget a view; what it was, so that it can be restored.

        :raises NotFound: the user has no such view.
        """

        def delete(session: Session) -> SavedView:
            row = _held(session, user_id, view_id)
            session.delete(row)
            return _view(row)

        return await self._database.write(delete)

    def _now(self) -> int:
        return to_micros(self._clock())


def _rows(session: Session, user_id: int) -> list[StoredView]:
    mine = select(StoredView).where(col(StoredView.user_id) == user_id)
    return sorted(session.exec(mine), key=lambda row: row.folded_name)  # no two databases order texts alike


def _held(session: Session, user_id: int, view_id: int) -> StoredView:
    row = session.get(StoredView, (user_id, view_id)) if users.hold(session, user_id) else None
    if row is None:
        raise NotFound(UNKNOWN)
    return row


def _insert(session: Session, user_id: int, view: SavedView) -> SavedView:
    if users.hold(session, user_id) is None:  # held, so that two at once find each other
        raise InvalidToken
    _refuse_taken(session, user_id, view.name)
    taken = {row.id for row in _rows(session, user_id)}
    if len(taken) >= MOST:
        raise InvalidRequest(f'You have {MOST} views already. Delete one that is no longer needed first.')
    free = view.id
    while free in taken:
        free += 1
    made = replace(view, id=free)
    session.add(
        StoredView(user_id=user_id, id=free, name=made.name, folded_name=made.name.casefold(), query=made.stored)
    )
    return made


def _refuse_taken(session: Session, user_id: int, name: str, *, besides: int | None = None) -> None:
    mine = (col(StoredView.user_id) == user_id, col(StoredView.folded_name) == name.casefold())
    found = session.exec(select(StoredView.id).where(*mine)).one_or_none()
    if found is not None and found != besides:
        raise InvalidRequest(_SAME_NAME, field='name')


def _checked_name(name: str) -> str:
    wanted = unicodedata.normalize('NFC', ' '.join(name.split()))
    if not wanted or len(wanted) > LONGEST_NAME or not wanted.isprintable():
        raise InvalidRequest(f'A name of 1 to {LONGEST_NAME} printable characters is needed.', field='name')
    return wanted


def _written(query: DashboardQuery) -> str:
    return json.dumps(query.public(), ensure_ascii=False)


def _view(row: StoredView) -> SavedView:
    return SavedView(id=row.id, name=row.name, query=_read(row.query), stored=row.query)


def _read(stored: str) -> DashboardQuery | None:
    try:
        values = json.loads(stored)
        return DashboardQuery.parse(values) if isinstance(values, dict) else None
    except (ValueError, InvalidRequest):
        return None
