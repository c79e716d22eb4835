"""The tables. Every key that leads a query starts with ``user_id``, so that they could be split by tenant.

Instants are microseconds since 1970 in UTC, scores and account values millionths: integers are exact and the same
on every database.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from services.scores import ONE


def _user_key() -> Column[int]:
    return Column(ForeignKey('user.id', ondelete='CASCADE'), primary_key=True, autoincrement=False)


class User(SQLModel, table=True):
    """An account, and the tenant everything else belongs to."""

    __table_args__ = ({'sqlite_autoincrement': True},)  # an id must never name another account later

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    """In lower case: the same address in another case is the same account."""
    name: str = Field(default='', sa_column=Column(Text, nullable=False))
    password_hash: str = Field(sa_column=Column(Text, nullable=False))
    time_zone: str = Field(default='UTC', sa_column=Column(Text, nullable=False))
    disabled: bool = False
    token_version: int = 0
    """Raised when a password changes or the account is disabled: earlier tokens, keys and sessions end."""
    access_revision: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={'server_default': text('0')})
    """Raised when a key is made or revoked, or a token revoked: who remembers them reads them anew."""
    created_at: int = Field(sa_type=BigInteger)


class BrowserSession(SQLModel, table=True):
    """A signed-in browser. Only the hash of the cookie's id is kept."""

    __tablename__ = 'session'

    id_hash: str = Field(sa_column=Column(Text, primary_key=True))
    user_id: int = Field(sa_column=Column(ForeignKey('user.id', ondelete='CASCADE'), nullable=False, index=True))
    token_version: int
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    browser: str = Field(default='', sa_column=Column(Text, nullable=False, server_default=text("''")))
    """Its name for the person's own list; empty where it is not known."""
    last_seen_at: int | None = Field(default=None, sa_type=BigInteger)
    """By some minutes; null of one that began with an earlier release and was not seen since."""


class UserRevision(SQLModel, table=True):
    """What was last committed for a user: writers raise it in the transaction of their change, holding its row."""

    __tablename__ = 'user_revision'

    user_id: int = Field(sa_column=_user_key())
    revision: int = Field(default=0, sa_type=BigInteger)
    arrivals: int = Field(default=0, sa_type=BigInteger)
    """The last arrival number given out."""
    rewritten: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={'server_default': text('0')})
    """The last revision that changed or removed predictions that were there before; others only added some."""
    rollup_zone: str | None = Field(default=None, sa_column=Column(Text))
    """The zone whose days the rollups count; null while they are not built."""
    rollup_medium: int | None = None
    rollup_high: int | None = None
    """The risk bands the rollups were built with."""
    rollup_generation: int = Field(default=0, sa_column_kwargs={'server_default': text('0')})
    """Which of the rollups are read; others are being built, or on their way out."""
    loading: int | None = Field(default=None, sa_type=BigInteger)
    """The source whose rows are being taken in bit by bit: they have arrival numbers above ``arrivals``."""
    loading_seen: int | None = Field(default=None, sa_type=BigInteger)
    """When whoever takes them in was last heard of."""


class SourceKind(StrEnum):
    FILE = 'file'
    API = 'api'
    SAMPLE = 'sample'


class Source(SQLModel, table=True):
    """Where predictions came from: one file that was taken in, the API, or the sample generator."""

    __table_args__ = (Index('ix_source_name', 'user_id', 'name'),)

    user_id: int = Field(sa_column=_user_key())
    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={'autoincrement': False})
    """The revision that brought it: unique for its user."""
    kind: SourceKind = Field(sa_type=Text)
    name: str = Field(sa_column=Column(Text, nullable=False))
    """The file's base name; empty for the API."""
    content_hash: str | None = Field(default=None, sa_column=Column(Text))
    """SHA-256 of an uploaded file's bytes, in hexadecimal digits."""
    accepted: int = Field(default=0, sa_type=BigInteger)
    corrected: int = Field(default=0, sa_type=BigInteger)
    duplicates: int = Field(default=0, sa_type=BigInteger)
    rejected: int = Field(default=0, sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)


class Prediction(SQLModel, table=True):
    """One score. ``arrival`` numbers a user's predictions in the order they came; a correction keeps it."""

    __table_args__ = (
        ForeignKeyConstraint(['user_id', 'source_id'], ['source.user_id', 'source.id'], ondelete='CASCADE'),
        CheckConstraint(f'score BETWEEN 0 AND {ONE}', name='ck_prediction_score'),
        Index('ix_prediction_time', 'user_id', 'predicted_at', 'arrival', 'score'),
        Index('ix_prediction_customer', 'user_id', 'customer_id', 'predicted_at', 'arrival', 'score'),
        Index('ix_prediction_score', 'user_id', 'score', 'customer_id', 'predicted_at', 'arrival'),
        Index('ix_prediction_source', 'user_id', 'source_id'),
        Index(
            'ux_prediction_external',
            'user_id',
            'external_id',
            unique=True,
            sqlite_where=text('external_id IS NOT NULL'),
            postgresql_where=text('external_id IS NOT NULL'),
        ),
        {'sqlite_with_rowid': False},
    )

    user_id: int = Field(primary_key=True, sa_column_kwargs={'autoincrement': False})
    arrival: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={'autoincrement': False})
    source_id: int = Field(sa_type=BigInteger)
    customer_id: str = Field(sa_column=Column(Text, nullable=False))
    score: int
    predicted_at: int = Field(sa_type=BigInteger)
    timed: bool = True
    """Whether the sender stated ``predicted_at``; a row without is never a duplicate."""
    committed_at: int = Field(sa_type=BigInteger)
    external_id: str | None = Field(default=None, sa_column=Column(Text))
    status: str = Field(default='completed', sa_column=Column(Text, nullable=False))
    customer_name: str | None = Field(default=None, sa_column=Column(Text))
    account_value: int | None = Field(default=None, sa_type=BigInteger)
    reasons: str | None = Field(default=None, sa_column=Column(Text))
    """Joined by newlines; each begins with + or -."""


class Correction(SQLModel, table=True):
    """The values a prediction had before a source corrected it, newest number last: undoing brings them back."""

    __table_args__ = (
        ForeignKeyConstraint(['user_id', 'arrival'], ['prediction.user_id', 'prediction.arrival'], ondelete='CASCADE'),
        {'sqlite_with_rowid': False},
    )

    user_id: int = Field(primary_key=True, sa_column_kwargs={'autoincrement': False})
    arrival: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={'autoincrement': False})
    number: int = Field(primary_key=True, sa_column_kwargs={'autoincrement': False})
    corrected_by: int = Field(sa_type=BigInteger)
    """The source whose row took the place of these values."""
    source_id: int = Field(sa_type=BigInteger)
    customer_id: str = Field(sa_column=Column(Text, nullable=False))
    score: int
    predicted_at: int = Field(sa_type=BigInteger)
    timed: bool
    status: str = Field(sa_column=Column(Text, nullable=False))
    customer_name: str | None = Field(default=None, sa_column=Column(Text))
    account_value: int | None = Field(default=None, sa_type=BigInteger)
    reasons: str | None = Field(default=None, sa_column=Column(Text))


class Repetition(SQLModel, table=True):
    """Predictions that a source has, too, though another one brought them: they stay when that one is undone."""

    __table_args__ = (
        ForeignKeyConstraint(['user_id', 'source_id'], ['source.user_id', 'source.id'], ondelete='CASCADE'),
        Index('ix_repetition_of', 'user_id', 'of_source'),
        {'sqlite_with_rowid': False},
    )

    user_id: int = Field(primary_key=True, sa_column_kwargs={'autoincrement': False})
    source_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={'autoincrement': False})
    """The source that repeats them."""
    first: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={'autoincrement': False})
    last: int = Field(sa_type=BigInteger)
    """The arrival numbers from ``first`` to ``last``: a file that is sent again repeats long stretches."""
    of_source: int = Field(sa_type=BigInteger)
    """The source that brought them."""


class Customer(SQLModel, table=True):
    """What is known of a customer beside its scores, from the newest row that said it."""

    __table_args__ = ({'sqlite_with_rowid': False},)

    user_id: int = Field(sa_column=_user_key())
    customer_id: str = Field(sa_column=Column(Text, primary_key=True))
    folded_id: str = Field(sa_column=Column(Text, nullable=False))
    name: str | None = Field(default=None, sa_column=Column(Text))
    folded_name: str | None = Field(default=None, sa_column=Column(Text))
    """Case-folded in Python: SQLite's own ``lower()`` knows ASCII only."""
    name_at: int | None = Field(default=None, sa_type=BigInteger)
    """``predicted_at`` of the row that said the name."""
    account_value: int | None = Field(default=None, sa_type=BigInteger)
    value_at: int | None = Field(default=None, sa_type=BigInteger)


class AlertState(SQLModel, table=True):
    """An alert of a user from its start to its end."""

    __tablename__ = 'alert'
    __table_args__ = (
        Index(
            'ux_alert_active',
            'user_id',
            'rule',
            unique=True,
            sqlite_where=text('ended_at IS NULL'),
            postgresql_where=text('ended_at IS NULL'),
        ),
        {'sqlite_autoincrement': True},
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(sa_column=Column(ForeignKey('user.id', ondelete='CASCADE'), nullable=False))
    rule: str = Field(sa_column=Column(Text, nullable=False))
    started_at: int = Field(sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
