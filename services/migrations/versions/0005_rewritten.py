"""Readers learn whether a change touched predictions that were there before: if not, they fetch the new ones only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    op.add_column('user_revision', sa.Column('rewritten', sa.BigInteger, nullable=False, server_default=sa.text('0')))
