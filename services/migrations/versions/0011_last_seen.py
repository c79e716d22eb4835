"""The list of sessions says when each browser was last seen: of those there are, once they come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'


def upgrade() -> None:
    op.add_column('session', sa.Column('last_seen_at', sa.BigInteger(), nullable=True))
