"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table(
        'user',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('email', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('password_hash', sa.Text(), nullable=False),
        sa.Column('time_zone', sa.Text(), nullable=False),
        sa.Column('disabled', sa.Boolean(), nullable=False),
        sa.Column('token_version', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('email'),
        sqlite_autoincrement=True,
    )
    op.create_table(
        'alert',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('rule', sa.Text(), nullable=False),
        sa.Column('started_at', sa.BigInteger(), nullable=False),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id'),
        sqlite_autoincrement=True,
    )
    op.create_index(
        'ux_alert_active',
        'alert',
        ['user_id', 'rule'],
        unique=True,
        sqlite_where=sa.text('ended_at IS NULL'),
        postgresql_where=sa.text('ended_at IS NULL'),
    )
    op.create_table(
        'customer',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('customer_id', sa.Text(), nullable=False),
        sa.Column('folded_id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=True),
        sa.Column('folded_name', sa.Text(), nullable=True),
        sa.Column('name_at', sa.BigInteger(), nullable=True),
        sa.Column('account_value', sa.BigInteger(), nullable=True),
        sa.Column('value_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'customer_id'),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'session',
        sa.Column('id_hash', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('token_version', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id_hash'),
    )
    op.create_index('ix_session_user_id', 'session', ['user_id'], unique=False)
    op.create_table(
        'source',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('accepted', sa.BigInteger(), nullable=False),
        sa.Column('corrected', sa.BigInteger(), nullable=False),
        sa.Column('duplicates', sa.BigInteger(), nullable=False),
        sa.Column('rejected', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'id'),
    )
    op.create_index('ix_source_name', 'source', ['user_id', 'name'], unique=False)
    op.create_table(
        'user_revision',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('arrivals', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id'),
    )
    op.create_table(
        'prediction',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('arrival', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('source_id', sa.BigInteger(), nullable=False),
        sa.Column('customer_id', sa.Text(), nullable=False),
        sa.Column('score', sa.Integer(), nullable=False),
        sa.Column('predicted_at', sa.BigInteger(), nullable=False),
        sa.Column('timed', sa.Boolean(), nullable=False),
        sa.Column('committed_at', sa.BigInteger(), nullable=False),
        sa.Column('external_id', sa.Text(), nullable=True),
        sa.Column('status', sa.Text(), nullable=False),
        sa.Column('customer_name', sa.Text(), nullable=True),
        sa.Column('account_value', sa.BigInteger(), nullable=True),
        sa.Column('reasons', sa.Text(), nullable=True),
        sa.CheckConstraint('score BETWEEN 0 AND 1000000', name='ck_prediction_score'),
        sa.ForeignKeyConstraint(['user_id', 'source_id'], ['source.user_id', 'source.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'arrival'),
        sqlite_with_rowid=False,
    )
    op.create_index(
        'ix_prediction_customer',
        'prediction',
        ['user_id', 'customer_id', 'predicted_at', 'arrival', 'score'],
        unique=False,
    )
    op.create_index('ix_prediction_source', 'prediction', ['user_id', 'source_id'], unique=False)
    op.create_index('ix_prediction_time', 'prediction', ['user_id', 'predicted_at', 'arrival', 'score'], unique=False)
    op.create_index(
        'ux_prediction_external',
        'prediction',
        ['user_id', 'external_id'],
        unique=True,
        sqlite_where=sa.text('external_id IS NOT NULL'),
        postgresql_where=sa.text('external_id IS NOT NULL'),
    )
    op.create_table(
        'correction',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('arrival', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('corrected_by', sa.BigInteger(), nullable=False),
        sa.Column('source_id', sa.BigInteger(), nullable=False),
        sa.Column('customer_id', sa.Text(), nullable=False),
        sa.Column('score', sa.Integer(), nullable=False),
        sa.Column('predicted_at', sa.BigInteger(), nullable=False),
        sa.Column('timed', sa.Boolean(), nullable=False),
        sa.Column('status', sa.Text(), nullable=False),
        sa.Column('customer_name', sa.Text(), nullable=True),
        sa.Column('account_value', sa.BigInteger(), nullable=True),
        sa.Column('reasons', sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ['user_id', 'arrival'], ['prediction.user_id', 'prediction.arrival'], ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('user_id', 'arrival', 'number'),
        sqlite_with_rowid=False,
    )
