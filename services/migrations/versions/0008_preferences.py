"""How each person wants to see the pages, and by which browser they are signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    op.create_table(
        'preferences',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('interval', sa.Text(), nullable=False),
        sa.Column('paused', sa.Boolean(), nullable=False),
        sa.Column('theme', sa.Text(), nullable=False),
        sa.Column('locale', sa.Text(), nullable=False),
        sa.Column('shortcuts', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id'),
        sqlite_with_rowid=False,
    )
    op.add_column('session', sa.Column('browser', sa.Text(), nullable=False, server_default=sa.text("''")))
