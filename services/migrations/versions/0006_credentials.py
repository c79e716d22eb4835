"""API keys, and tokens that are called back one by one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.create_table(
        'api_key',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('key_hash', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('scope', sa.Text(), nullable=False),
        sa.Column('token_version', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('last_used_at', sa.BigInteger(), nullable=True),
        sa.Column('revoked', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'id'),
        sqlite_with_rowid=False,
    )
    op.create_index('ux_api_key_hash', 'api_key', ['key_hash'], unique=True)
    op.create_table(
        'revoked_token',
        sa.Column('user_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('id_hash', sa.Text(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['user.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', 'id_hash'),
        sqlite_with_rowid=False,
    )
    op.add_column('user', sa.Column('access_revision', sa.BigInteger(), nullable=False, server_default=sa.text('0')))
