"""Who has data that was made up for the sample workspace."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session

from services.many_users import AMONG_USERS, dialect_of, for_driver, users_parameter
from services.models import SourceKind
from services.row_lists import RowList

SAMPLES = {
    name: RowList('user_id', f"FROM source WHERE user_id {among} AND kind = '{SourceKind.SAMPLE}' GROUP BY user_id")
    for name, among in AMONG_USERS.items()
}
"""Those of ``:users`` who have any."""


def with_sample(session: Session, user_ids: Collection[int]) -> set[int]:
    """Those of the users who have any, in one query."""
    dialect = dialect_of(session)
    statement = for_driver(SAMPLES[dialect].statement, dialect)
    return set(session.connection().exec_driver_sql(statement, users_parameter(user_ids, dialect)).scalars())
