"""Which alerts of a user are active, kept in the database so that id and start survive a restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from sys import intern
from typing import Any, NamedTuple

from sqlalchemy import bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from services.clock import to_micros
from services.many_users import AMONG_USERS, dialect_of, for_driver, users_parameter
from services.models import AlertState
from services.row_lists import RowList


class ActiveAlert(NamedTuple):
    """An alert as it is kept, from its start to its end."""

    id: int
    rule: str
    started_at: int


Active = tuple[ActiveAlert, ...]
"""The active alerts of a user, at most one of a rule."""

ACTIVE = {
    name: RowList('user_id, id, rule, started_at', f'FROM alert WHERE user_id {among} AND ended_at IS NULL')
    for name, among in AMONG_USERS.items()
}
"""What :func:`active_by_user` takes, to be read of ``:users``."""
START = {
    dialect.name: insert(AlertState).on_conflict_do_nothing()
    for dialect, insert in ((sqlite.dialect, sqlite.insert), (postgresql.dialect, postgresql.insert))
}
END = (
    update(AlertState)
    .where(col(AlertState.id).in_(bindparam('ids', expanding=True)), col(AlertState.ended_at).is_(None))
    .values(ended_at=bindparam('at'))
)


def active_alerts(session: Session, user_ids: Collection[int]) -> dict[int, Active]:
    """The active alerts by user; a user without any is absent."""
    dialect = dialect_of(session)
    statement = for_driver(ACTIVE[dialect].statement, dialect)
    return active_by_user(session.connection().exec_driver_sql(statement, users_parameter(user_ids, dialect)).all())


def active_by_user(rows: Iterable[Sequence[Any]]) -> dict[int, Active]:
    """The same, from the rows of :data:`ACTIVE`."""
    found: defaultdict[int, Active] = defaultdict(tuple)
    for user_id, number, rule, started_at in rows:
        found[user_id] += (ActiveAlert(number, intern(rule), started_at),)
    return found


def start_alerts(session: Session, rules: Collection[tuple[int, str]], now: datetime) -> None:
    """Another process may start the same alert at the same time: one of them wins, and both then read it.

    :param rules: pairs of a user and a rule.
    """
    micros = to_micros(now)
    # in one order for all: two processes that start the same alerts never wait for each other in a circle
    rows = [{'user_id': user_id, 'rule': rule, 'started_at': micros} for user_id, rule in sorted(rules)]
    if rows:
        session.connection().execute(START[dialect_of(session)], rows)


def end_alerts(session: Session, ids: Collection[int], now: datetime) -> None:
    """One that another process ended meanwhile keeps its end."""
    if ids:
        session.connection().execute(END, {'ids': sorted(ids), 'at': to_micros(now)})
