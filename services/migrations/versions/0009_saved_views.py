"""Views that people saved for themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    op.create_table(
        'saved_view',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('folded_name', sa.Text(), nullable=False),
        sa.Column('query', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'id'),
        sqlite_with_rowid=False,
    )
    op.create_index('ux_saved_view_name', 'saved_view', ['user_id', 'folded_name'], unique=True)
