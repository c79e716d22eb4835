"""Rollups by generation, so that a new one can be built while the old one is read; what undoing a file needs.

The rollups themselves are dropped: they follow from the predictions, and the next change or ``main.py rebuild`` builds
them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'

NEWEST = sa.text('next_day = 10000000')


def upgrade() -> None:
    for name in ('customer_day', 'rollup_bin', 'rollup_day', 'rollup_interval'):
        op.drop_table(name)
    _create_rollups()
    op.create_table(
        'rollup_build',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('generation', sa.BigInteger(), nullable=False),
        sa.Column('zone', sa.Text(), nullable=False),
        sa.Column('medium', sa.Integer(), nullable=False),
        sa.Column('high', sa.Integer(), nullable=False),
        sa.Column('upto', sa.Text(), nullable=False),
        sa.Column('customers', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id'),
    )
    op.create_table(
        'repetition',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('source_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('first', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('last', sa.BigInteger(), nullable=False),
        sa.Column('of_source', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id', 'source_id'], ['source.user_id', 'source.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'source_id', 'first'),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_repetition_of', 'repetition', ['user_id', 'of_source'], unique=False)
    op.add_column('source', sa.Column('content_hash', sa.Text(), nullable=True))
    op.create_index(
        'ix_prediction_score',
        'prediction',
        ['user_id', 'score', 'customer_id', 'predicted_at', 'arrival'],
        unique=False,
    )
    op.add_column(
        'user_revision', sa.Column('rollup_generation', sa.Integer(), nullable=False, server_default=sa.text('0'))
    )
    op.add_column('user_revision', sa.Column('loading', sa.BigInteger(), nullable=True))
    op.add_column('user_revision', sa.Column('loading_seen', sa.BigInteger(), nullable=True))
    op.execute('UPDATE user_revision SET rollup_zone = NULL, rollup_medium = NULL, rollup_high = NULL')


def _create_rollups() -> None:
    op.create_table(
        'customer_day',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('generation', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('customer_id', sa.Text(), nullable=False),
        sa.Column('day', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('next_day', sa.BigInteger(), nullable=False),
        sa.Column('arrival', sa.BigInteger(), nullable=False),
        sa.Column('score', sa.Integer(), nullable=False),
        sa.Column('was_high', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('user_id', 'generation', 'customer_id', 'day'),
        sqlite_with_rowid=False,
    )
    op.create_index(
        'ix_customer_day_latest',
        'customer_day',
        ['user_id', 'generation', 'score', 'arrival', 'day'],
        unique=False,
        sqlite_where=NEWEST,
        postgresql_where=NEWEST,
    )
    _create_sums('rollup_bin', ('day', 'bin'), ('count',))
    _create_sums('rollup_day', ('day',), ('count', 'sum', 'high', 'medium'))
    _create_sums('rollup_interval', ('next_day', 'day'), ('customers', 'sum', 'high', 'medium', 'newly_high'))


def _create_sums(name: str, keys: tuple[str, ...], sums: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(key, sa.BigInteger(), autoincrement=False, nullable=False) for key in ('generation', *keys)),
        *(sa.Column(each, sa.BigInteger(), nullable=False) for each in sums),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'generation', *keys),
        sqlite_with_rowid=False,
    )
