"""The customers whom the text of a query means, found once for all that is asked of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, Select, Text, column, insert, table
from sqlmodel import Session

from services.temporary_tables import TemporaryTable

TABLE = TemporaryTable('found_customer', 'customer_id TEXT NOT NULL')
FOUND = table(TABLE.name, column('customer_id', Text))


def find(session: Session, customers: Select[str], *, most: int) -> bool:
    """Put them into the table ``found_customer`` of the connection.

    :returns: whether that is all of them: no more than ``most`` are of use.
    """
    TABLE.create(session)
    TABLE.clear(session)
    found: CursorResult[Any] = session.connection().execute(
        insert(FOUND).from_select(['customer_id'], customers.limit(most + 1))
    )
    TABLE.analyze(session)
    return found.rowcount <= most
