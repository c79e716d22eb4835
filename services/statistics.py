"""What PostgreSQL's planner knows of the tables: after a long file it knows nothing of most rows for a minute."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

SHARE = 10
"""A file is long if it brings more than one in so many rows."""


def is_long(rows: int, total: int) -> bool:
    return rows * SHARE > total


def analyze(session: Session, *tables: str) -> None:
    """Look at a sample of the rows now, in this transaction; SQLite goes by what the queries say."""
    if session.get_bind().dialect.name == 'postgresql':
        for name in tables:
            session.execute(text(f'ANALYZE {name}'))
