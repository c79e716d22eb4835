"""What readers must know of users at each beat, in one query for all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from services.database import Database
from services.many_users import AMONG_USERS, dialect_of, for_driver, unpacked, users_parameter
from services.row_lists import RowList
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


DISABLED = UserState._fields.index('disabled')


class KnownState(NamedTuple):
    """A user as the database said it was."""

    state: UserState
    asked_at: datetime
    """It is no older than this."""


# until a new zone's rollups are built, readers see the days of the old one
COLUMNS = """
    r.revision, r.arrivals, r.rewritten, COALESCE(r.rollup_zone, u.time_zone), CASE WHEN u.disabled THEN 1 ELSE 0 END,
    u.token_version,
    r.rollup_zone, r.rollup_medium, r.rollup_high, u.email, u.name, u.time_zone, u.access_revision
"""

STATES = {
    name: RowList(
        f'r.user_id, {COLUMNS}', f'FROM user_revision r JOIN "user" u ON u.id = r.user_id WHERE r.user_id {among}'
    )
    for name, among in AMONG_USERS.items()
}
"""What :func:`states_by_id` takes, to be read of ``:users``."""

CHANGED = """
    SELECT known.user_id, {columns} FROM {known}
    LEFT JOIN user_revision r ON r.user_id = known.user_id LEFT JOIN "user" u ON u.id = known.user_id
    WHERE r.revision IS NULL OR r.revision <> known.revision OR u.token_version <> known.token_version
       OR CASE WHEN u.disabled THEN 1 ELSE 0 END <> known.disabled OR u.access_revision <> known.access_revision
"""
KNOWN = ('user_id', 'revision', 'token_version', 'disabled', 'access_revision')
"""The places of what :func:`known_as` says."""

BY_ID = {name: for_driver(states.statement, name) for name, states in STATES.items()}
BY_CHANGE = {
    name: for_driver(
        CHANGED.format(columns=COLUMNS, known=unpacked('known', KNOWN, name, name='known')), name, parameter='known'
    )
    for name in AMONG_USERS
}


def user_states(session: Session, user_ids: Collection[int]) -> dict[int, UserState]:
    """The state of each of these users; one that does not exist is absent."""
    dialect = dialect_of(session)
    found = session.connection().exec_driver_sql(BY_ID[dialect], users_parameter(user_ids, dialect))
    return states_by_id(found.all())


def ask_states(database: Database, user_ids: Collection[int]) -> dict[int, UserState]:
    """The same by a statement of its own. This blocks."""
    dialect = database.dialect
    return states_by_id(database.asked(BY_ID[dialect], users_parameter(user_ids, dialect)))


def states_by_id(rows: Iterable[Sequence[Any]]) -> dict[int, UserState]:
    """From the rows of :data:`STATES`."""
    return {row[0]: _state(row) for row in rows}


def _state(row: Sequence[Any]) -> UserState:
    """Databases have each their own truth values: that is read as a number."""
    return UserState._make([*row[:DISABLED], bool(row[DISABLED]), *row[DISABLED + 1 :]])


def known_as(user_id: int, state: UserState | None) -> str:
    """How a user is known to whoever asks :func:`changed_states`; it takes long enough to be kept for the next time.

    A revision rises with every change but those of the account itself, which are compared, too.
    """
    if state is None:
        return f'[{user_id},-1,-1,0,-1]'
    return f'[{user_id},{state.revision},{state.token_version},{int(state.disabled)},{state.access_revision}]'


def changed_states(database: Database, known: Collection[str]) -> dict[int, UserState | None]:
    """The present states of those users who are not as they are known; the database compares, so that few rows come.

    This blocks.

    :param known: what :func:`known_as` says of each user; that of several may be one text, with commas between.
    """
    found = database.asked(BY_CHANGE[database.dialect], {'known': f'[{",".join(known)}]'})
    return {row[0]: None if row[1] is None else _state(row) for row in found}
