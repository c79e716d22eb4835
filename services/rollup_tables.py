"""The incremental aggregates: what the board reads instead of the predictions.

Days are numbers since 1970-01-01 in the zone the rollups were built for, ``UserRevision.rollup_zone``. Rows of another
generation than ``UserRevision.rollup_generation`` are being built, for another zone for instance, and not read yet.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, text
from sqlmodel import Field, SQLModel

NEVER = 10_000_000
"""The ``next_day`` of a customer's newest day: later than any day there is."""

NEWEST = f'next_day = {NEVER}'


def _tenant() -> Column[int]:
    return Column(ForeignKey('user.id', ondelete='CASCADE'), primary_key=True, autoincrement=False)


def _key() -> Column[int]:
    return Column(BigInteger, primary_key=True, autoincrement=False)


class RollupDay(SQLModel, table=True):
    """The predictions of one day."""

    __tablename__ = 'rollup_day'
    __table_args__ = ({'sqlite_with_rowid': False},)

    user_id: int = Field(sa_column=_tenant())
    generation: int = Field(sa_column=_key())
    day: int = Field(sa_column=_key())
    count: int = Field(sa_type=BigInteger)
    sum: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    medium: int = Field(sa_type=BigInteger)


class RollupBin(SQLModel, table=True):
    """The predictions of one day by bins of 0.05: ``bin = millionths // 50000``, a score of 1 in the last."""

    __tablename__ = 'rollup_bin'
    __table_args__ = ({'sqlite_with_rowid': False},)

    user_id: int = Field(sa_column=_tenant())
    generation: int = Field(sa_column=_key())
    day: int = Field(sa_column=_key())
    bin: int = Field(sa_column=_key())
    count: int = Field(sa_type=BigInteger)


class CustomerDay(SQLModel, table=True):
    """A customer's last prediction of a day, and the customer's next day: its latest from ``day`` until then."""

    __tablename__ = 'customer_day'
    __table_args__ = (
        Index(
            'ix_customer_day_latest',
            'user_id',
            'generation',
            'score',
            'arrival',
            'day',
            sqlite_where=text(NEWEST),
            postgresql_where=text(NEWEST),
        ),
        {'sqlite_with_rowid': False},
    )

    user_id: int = Field(primary_key=True, sa_column_kwargs={'autoincrement': False})
    generation: int = Field(sa_column=_key())
    customer_id: str = Field(sa_column=Column(Text, primary_key=True))
    day: int = Field(sa_column=_key())
    next_day: int = Field(sa_type=BigInteger)
    arrival: int = Field(sa_type=BigInteger)
    score: int
    was_high: bool
    """Whether the customer's day before this one ended at high risk."""


class RollupInterval(SQLModel, table=True):
    """Customer days by (``day``, ``next_day``): how many customers, the sum of their scores, and how many by risk.

    A customer's latest in [from, to] is the row with ``from <= day <= to < next_day``.
    """

    __tablename__ = 'rollup_interval'
    __table_args__ = ({'sqlite_with_rowid': False},)

    user_id: int = Field(sa_column=_tenant())
    generation: int = Field(sa_column=_key())
    next_day: int = Field(sa_column=_key())
    day: int = Field(sa_column=_key())
    customers: int = Field(sa_type=BigInteger)
    sum: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    medium: int = Field(sa_type=BigInteger)
    newly_high: int = Field(sa_type=BigInteger)
    """Of the high ones, those whose day before this one did not end at high risk."""


class RollupBuild(SQLModel, table=True):
    """A generation that is being built in the background, customer by customer in the order of their ids."""

    __tablename__ = 'rollup_build'

    user_id: int = Field(sa_column=_tenant())
    generation: int = Field(sa_type=BigInteger)
    zone: str = Field(sa_column=Column(Text, nullable=False))
    medium: int
    high: int
    upto: str = Field(default='', sa_column=Column(Text, nullable=False))
    """The last customer it has; changes of customers up to here are followed, those of later ones are still to come."""
    customers: int = Field(default=0, sa_type=BigInteger)
    """How many it has so far."""
