"""The tables of what people write down about customers: it is theirs, and stays whatever becomes of the scores."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, text
from sqlmodel import Field, SQLModel


def _user_key() -> Column[int]:
    return Column(ForeignKey('user.id', ondelete='CASCADE'), primary_key=True, autoincrement=False)


SNOOZED = text('snoozed_until IS NOT NULL')


class CustomerRecord(SQLModel, table=True):
    """Who looks after a customer, and until when it is left out of the list of those at risk."""

    __tablename__ = 'customer_record'
    __table_args__ = (
        Index('ix_customer_record_snoozed', 'user_id', 'snoozed_until', sqlite_where=SNOOZED, postgresql_where=SNOOZED),
        {'sqlite_with_rowid': False},
    )

    user_id: int = Field(sa_column=_user_key())
    customer_id: str = Field(sa_column=Column(Text, primary_key=True))
    owner: str | None = Field(default=None, sa_column=Column(Text))
    snoozed_until: int | None = Field(default=None, sa_type=BigInteger)
    """The first day on which it is listed again, in days since 1970 and the user's own zone."""
    snooze_reason: str | None = Field(default=None, sa_column=Column(Text))
    snooze_score: int | None = None
    """Its latest score when it was snoozed, in millionths."""


class CustomerNote(SQLModel, table=True):
    """What somebody wrote about a customer."""

    __tablename__ = 'customer_note'
    __table_args__ = (
        Index('ix_customer_note_customer', 'user_id', 'customer_id', 'id'),
        {'sqlite_with_rowid': False},
    )

    user_id: int = Field(sa_column=_user_key())
    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={'autoincrement': False})
    """The revision that brought it: unique for its user, and never used again."""
    customer_id: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    written_at: int = Field(sa_type=BigInteger)
    edited_at: int | None = Field(default=None, sa_type=BigInteger)
