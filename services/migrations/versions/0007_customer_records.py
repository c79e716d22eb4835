"""What people write down about customers: notes, who looks after one, and until when it is snoozed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'

SNOOZED = sa.text('snoozed_until IS NOT NULL')


def upgrade() -> None:
    op.create_table(
        'customer_record',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('customer_id', sa.Text(), nullable=False),
        sa.Column('owner', sa.Text(), nullable=True),
        sa.Column('snoozed_until', sa.BigInteger(), nullable=True),
        sa.Column('snooze_reason', sa.Text(), nullable=True),
        sa.Column('snooze_score', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'customer_id'),
        sqlite_with_rowid=False,
    )
    op.create_index(
        'ix_customer_record_snoozed',
        'customer_record',
        ['user_id', 'snoozed_until'],
        unique=False,
        sqlite_where=SNOOZED,
        postgresql_where=SNOOZED,
    )
    op.create_table(
        'customer_note',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('customer_id', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('written_at', sa.BigInteger(), nullable=False),
        sa.Column('edited_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'id'),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_customer_note_customer', 'customer_note', ['user_id', 'customer_id', 'id'], unique=False)
