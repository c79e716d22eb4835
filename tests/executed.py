"""What a database is asked."""

from __future__ import annotations

from sqlalchemy import event

from services.database import Database


def statements_of(database: Database, kind: str) -> list[str]:
    """The statements of a kind from now on."""
    found: list[str] = []

    def note(*given: object) -> None:
        if str(given[2]).lstrip().startswith(kind):
            found.append(str(given[2]))

    for engine in {database.engine, database._asking}:
        event.listen(engine, 'before_cursor_execute', note)
    return found
