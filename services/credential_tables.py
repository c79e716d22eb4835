"""The tables of what opens the API beside a password: keys, and the tokens that were called back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

from services.identity import KeyScope


def _user_key() -> Column[int]:
    return Column(ForeignKey('user.id', ondelete='CASCADE'), primary_key=True, autoincrement=False)


class ApiKey(SQLModel, table=True):
    """A key for programs. Only its hash is kept."""

    __tablename__ = 'api_key'
    # whoever shows a key has not said whose it is: this index alone cannot begin with the user
    __table_args__ = (Index('ux_api_key_hash', 'key_hash', unique=True), {'sqlite_with_rowid': False})

    user_id: int = Field(sa_column=_user_key())
    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={'autoincrement': False})
    """Counts the keys of its user, and is never used again."""
    key_hash: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    scope: KeyScope = Field(sa_type=Text)
    token_version: int
    """That of its user when it was made: with another one, the key is worth nothing."""
    created_at: int = Field(sa_type=BigInteger)
    last_used_at: int | None = Field(default=None, sa_type=BigInteger)
    revoked: bool = False


class RevokedToken(SQLModel, table=True):
    """A sign-in whose tokens were called back before their time.

    Only the hash of the first one's id is kept, until the last that was renewed from it has ended.
    """

    __tablename__ = 'revoked_token'
    __table_args__ = ({'sqlite_with_rowid': False},)

    user_id: int = Field(sa_column=_user_key())
    id_hash: str = Field(sa_column=Column(Text, primary_key=True))
    expires_at: int = Field(sa_type=BigInteger)
