"""What readers must know of users at each beat, in one query for all of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Boolean, column, text
from sqlalchemy.sql.selectable import TextualSelect
from sqlmodel import Session

from services.many_users import AMONG_USERS, dialect_of, users_parameter
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


class KnownState(NamedTuple):
    """A user as the database said it was."""

    state: UserState
    asked_at: datetime
    """It is no older than this."""


# until a new zone's rollups are built, readers see the days of the old one
COLUMNS = """
    r.revision, r.arrivals, r.rewritten, COALESCE(r.rollup_zone, u.time_zone), u.disabled, u.token_version,
    r.rollup_zone, r.rollup_medium, r.rollup_high, u.email, u.name, u.time_zone, u.access_revision
"""

STATES = """
    SELECT r.user_id, {columns} FROM user_revision r JOIN "user" u ON u.id = r.user_id WHERE r.user_id {among_users}
"""

CHANGED = """
    SELECT known.user_id, {columns} FROM {known}
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


def _of_states(statement: str) -> TextualSelect:
    """A statement whose rows are those of :class:`UserState`: told their types, SQLAlchemy need not look for them."""
    return text(statement).columns(
        *[column(name, Boolean()) if name == 'disabled' else column(name) for name in UserState._fields]
    )


BY_ID = {name: _of_states(STATES.format(columns=COLUMNS, among_users=among)) for name, among in AMONG_USERS.items()}
BY_CHANGE = {name: _of_states(CHANGED.format(columns=COLUMNS, known=known)) for name, known in KNOWN.items()}


def user_states(session: Session, user_ids: Collection[int]) -> dict[int, UserState]:
    """The state of each of these users; one that does not exist is absent."""
    dialect = dialect_of(session)
    found = session.connection().execute(BY_ID[dialect], users_parameter(user_ids, dialect)).all()
    return {row[0]: UserState._make(row) for row in found}


def known_as(user_id: int, state: UserState | None) -> str:
    """How a user is known to whoever asks :func:`changed_states`; it takes long enough to be kept for the next time.

    A revision rises with every change but those of the account itself, which are compared, too.
    """
    if state is None:
        return f'[{user_id},-1,-1,0,-1]'
    return f'[{user_id},{state.revision},{state.token_version},{int(state.disabled)},{state.access_revision}]'


def changed_states(session: Session, known: Collection[str]) -> dict[int, UserState | None]:
    """The present states of those users who are not as they are known; the database compares, so that few rows come.

    :param known: what :func:`known_as` says of each user; that of several may be one text, with commas between.
    """
    parameters = {'known': f'[{",".join(known)}]'}
    found = session.connection().execute(BY_CHANGE[dialect_of(session)], parameters).all()
    return {row[0]: None if row[1] is None else UserState._make(row) for row in found}
