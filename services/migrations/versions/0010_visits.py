"""When each person was here last, so that a board can tell what changed since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'


def upgrade() -> None:
    op.create_table(
        'visit',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('since_at', sa.BigInteger(), nullable=True),
        sa.Column('since_arrivals', sa.BigInteger(), nullable=True),
        sa.Column('seen_at', sa.BigInteger(), nullable=False),
        sa.Column('seen_arrivals', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id'),
        sqlite_with_rowid=False,
    )
