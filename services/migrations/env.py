"""Alembic's entry: migrations run on the connection, and in the transaction, of whoever called ``upgrade``."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from services import (  # noqa: F401 -- fill the metadata
    credential_tables,
    customer_tables,
    models,
    preferences,
    rollup_tables,
    saved_views,
    visits,
)

context.configure(connection=context.config.attributes['connection'], target_metadata=SQLModel.metadata)
context.run_migrations()
