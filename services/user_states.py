"""What readers must know of users at each beat, in one query for all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, func, select, text
from sqlmodel import Session, col

from services.many_users import dialect_of, of_users, users_parameter
from services.models import User, UserRevision
from services.scores import RiskBands


class UserState(NamedTuple):
    """A user as of one look at the database; many are read at once, and a tuple is quickly made."""

    user_id: int
    revision: int
    arrivals: int
    rewritten: int
    """The last revision that changed predictions that were there before."""
    time_zone: str
    disabled: bool
    token_version: int
    rollup_zone: str | None
    rollup_medium: int | None
    rollup_high: int | None
    """What the rollups that are read were built for, if there are any."""
    email: str
    name: str
    home_zone: str
    """The zone the account is set to; ``time_zone`` follows as soon as its rollups are built."""
    access_revision: int
    """Rises with each API key and token that is made or revoked."""

    def has_rollups(self, bands: RiskBands) -> bool:
        """Whether the rollups know this user's numbers; of one who never had any predictions they do."""
        if self.rollup_zone:
            return (self.rollup_medium, self.rollup_high) == (bands.medium, bands.high)
        return self.arrivals == 0


def user_states(session: Session, user_ids: Collection[int]) -> dict[int, UserState]:
    """The state of each of these users; one that does not exist is absent."""
    dialect = dialect_of(session)
    found = session.connection().execute(_states(dialect), users_parameter(user_ids, dialect))
    return {row[0]: UserState(*row) for row in found}


CHANGED = """
    SELECT known.user_id FROM {known}
    LEFT JOIN user_revision r ON r.user_id = known.user_id LEFT JOIN "user" u ON u.id = known.user_id
    WHERE r.revision IS NULL OR r.revision <> known.revision OR u.token_version <> known.token_version
       OR CASE WHEN u.disabled THEN 1 ELSE 0 END <> known.disabled OR u.access_revision <> known.access_revision
"""
KNOWN = {
    'sqlite': (
        "(SELECT json_extract(value, '$[0]') AS user_id, json_extract(value, '$[1]') AS revision, "
        "json_extract(value, '$[2]') AS token_version, json_extract(value, '$[3]') AS disabled, "
        "json_extract(value, '$[4]') AS access_revision "
        'FROM json_each(:known)) AS known'
    ),
    'postgresql': (
        '(SELECT CAST(value ->> 0 AS bigint) AS user_id, CAST(value ->> 1 AS bigint) AS revision, '
        'CAST(value ->> 2 AS bigint) AS token_version, CAST(value ->> 3 AS bigint) AS disabled, '
        'CAST(value ->> 4 AS bigint) AS access_revision '
        'FROM jsonb_array_elements(CAST(:known AS jsonb))) AS known'
    ),
}
STATEMENTS = {dialect: text(CHANGED.format(known=known)) for dialect, known in KNOWN.items()}
NEW = (-1, -1, 0, -1)
"""Of a user of whom nothing is known."""


def changed_states(session: Session, known: Mapping[int, UserState | None]) -> dict[int, UserState | None]:
    """The present states of those users who are not as they are known; the database compares, so that few rows come.

    :param known: by user; a revision rises with every change but those of the account itself, which are compared, too.
    """
    rows = [(user_id, *(_compared(state) if state else NEW)) for user_id, state in known.items()]
    statement = STATEMENTS[dialect_of(session)]
    changed = session.connection().execute(statement, {'known': orjson.dumps(rows).decode()}).scalars().all()
    states = user_states(session, changed) if changed else {}
    return {user_id: states.get(user_id) for user_id in changed}


def _compared(state: UserState) -> tuple[int, int, int, int]:
    return state.revision, state.token_version, int(state.disabled), state.access_revision


@cache
def _states(dialect: str) -> Select[*tuple[Any, ...]]:
    revision = UserRevision
    return (
        select(
            col(revision.user_id),
            col(revision.revision),
            col(revision.arrivals),
            col(revision.rewritten),
            # until a new zone's rollups are built, readers see the days of the old one
            func.coalesce(col(revision.rollup_zone), col(User.time_zone)).label('time_zone'),
            col(User.disabled),
            col(User.token_version),
            col(revision.rollup_zone),
            col(revision.rollup_medium),
            col(revision.rollup_high),
            col(User.email),
            col(User.name),
            col(User.time_zone).label('home_zone'),
            col(User.access_revision),
        )
        .join(User, col(User.id) == col(revision.user_id))
        .where(of_users(col(revision.user_id), dialect))
    )
