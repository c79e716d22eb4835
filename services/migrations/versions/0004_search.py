"""Text search: PostgreSQL finds parts of ids and names by their trigrams, where it has the extension pg_trgm.

Without it, or the right to create it, all the user's customers are looked at, which is a matter of speed only.
"""

from __future__ import annotations

import logging

from alembic import op
from sqlalchemy.exc import DBAPIError

revision = '0004'
down_revision = '0003'

log = logging.getLogger(__name__)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != 'postgresql':
        return
    try:
        with connection.begin_nested():
            op.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')
            op.execute(
                'CREATE INDEX ix_customer_text ON customer USING gin (folded_id gin_trgm_ops, folded_name gin_trgm_ops)'
            )
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        log.warning('Searching by name goes without an index: the extension pg_trgm cannot be created (%s)', error.orig)
