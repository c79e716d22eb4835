"""The rollups. They are built for a user by the next change of the user's data, or by ``main.py rebuild``."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table(
        'customer_day',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('customer_id', sa.Text(), nullable=False),
        sa.Column('day', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('next_day', sa.BigInteger(), nullable=False),
        sa.Column('arrival', sa.BigInteger(), nullable=False),
        sa.Column('score', sa.Integer(), nullable=False),
        sa.Column('was_high', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('user_id', 'customer_id', 'day'),
        sqlite_with_rowid=False,
    )
    op.create_index(
        'ix_customer_day_latest', 'customer_day', ['user_id', 'next_day', 'score', 'arrival', 'day'], unique=False
    )
    op.create_table(
        'rollup_bin',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('day', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('bin', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('count', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'day', 'bin'),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'rollup_day',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('day', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('count', sa.BigInteger(), nullable=False),
        sa.Column('sum', sa.BigInteger(), nullable=False),
        sa.Column('high', sa.BigInteger(), nullable=False),
        sa.Column('medium', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'day'),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'rollup_interval',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('next_day', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('day', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('customers', sa.BigInteger(), nullable=False),
        sa.Column('sum', sa.BigInteger(), nullable=False),
        sa.Column('high', sa.BigInteger(), nullable=False),
        sa.Column('medium', sa.BigInteger(), nullable=False),
        sa.Column('newly_high', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'next_day', 'day'),
        sqlite_with_rowid=False,
    )
    op.add_column('user_revision', sa.Column('rollup_zone', sa.Text(), nullable=True))
    op.add_column('user_revision', sa.Column('rollup_medium', sa.Integer(), nullable=True))
    op.add_column('user_revision', sa.Column('rollup_high', sa.Integer(), nullable=True))
