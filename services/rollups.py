"""Keeping the rollups exact, in the transaction of every change, whatever the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy import Select, column, func, insert, select, table
from sqlmodel import Session, col

from services.models import User
from services.rollup_follow import CHANGED, follow
from services.rollup_rebuild import rebuild
from services.rollup_state import Built, Generation, being_built, current, read_generation
from services.rollup_tables import RollupDay
from services.scores import RiskBands

NAMES = ('customer_id', 'at', 'score', 'sign')
NOTED = 5_000
WORTH_A_REBUILD = 3
"""Following a change costs about three times as much as building that row anew."""


class Rollups:
    """Follows the changes of one user's predictions within one transaction, and settles them at the end.

    :param wanted: what rollups should be built for where there are none to follow.
    :param followed: the generations that are kept up to date; empty: settling builds one from scratch.
    """

    def __init__(self, session: Session, user_id: int, wanted: Built, *, followed: Sequence[Generation]) -> None:
        self._session = session
        self._user_id = user_id
        self._wanted = wanted
        self._followed = followed
        self._noted: list[dict[str, object]] = []
        CHANGED.create(session)

    @classmethod
    def of(cls, session: Session, user_id: int, *, bands: RiskBands) -> Self:
        """The rollups of a user whose revision row this transaction holds.

        Those for another zone than the user's are followed, too: a new generation is built beside them in its time.
        """
        zone = session.execute(select(col(User.time_zone)).where(col(User.id) == user_id)).scalar_one()
        wanted = Built(zone=zone, bands=bands)
        read = read_generation(session, user_id)
        if read is None or read.built.bands != bands:
            return cls(session, user_id, wanted, followed=())
        building = being_built(session, user_id)
        return cls(session, user_id, wanted, followed=(read, building) if building else (read,))

    def add(self, customer_id: str, at: int, score: int) -> None:
        """A prediction was inserted."""
        self._note(customer_id, at, score, 1)

    def remove(self, customer_id: str, at: int, score: int) -> None:
        """A prediction was deleted, or had these values before it was corrected."""
        self._note(customer_id, at, score, -1)

    def expect(self, changes: int) -> None:
        """So many changes are to come: decide now whether following them is worth while."""
        if self._followed and worth_a_rebuild(self._session, self._user_id, changes):
            self._followed = ()

    def change(self, rows: Select[*tuple[Any, ...]]) -> None:
        """Many at once.

        :param rows: (customer_id, predicted_at, score, sign) of each; the sign is 1 for what came, -1 for what went.
        """
        if self._followed:
            self._session.execute(insert(table('changed', *map(column, NAMES))).from_select(NAMES, rows))

    def settle(self) -> None:
        """Bring the rollups up to what the predictions are now."""
        self._flush()
        if not self._followed:
            rebuild(self._session, self._user_id, zone=self._wanted.zone, bands=self._wanted.bands)
        else:
            CHANGED.analyze(self._session)
            for generation in self._followed:
                follow(self._session, self._user_id, generation)
        CHANGED.clear(self._session)

    def _note(self, customer_id: str, at: int, score: int, sign: int) -> None:
        if not self._followed:
            return
        self._noted.append({'customer_id': customer_id, 'at': at, 'score': score, 'sign': sign})
        if len(self._noted) == NOTED:
            self._flush()

    def _flush(self) -> None:
        if self._noted:
            self._session.connection().execute(insert(table('changed', *map(column, NAMES))), self._noted)
            self._noted = []


def worth_a_rebuild(session: Session, user_id: int, changes: int) -> bool:
    """Whether so many changes cost more to follow than all rollups to build."""
    if changes < NOTED:
        return False
    days = select(func.sum(col(RollupDay.count))).where(current(RollupDay, user_id))
    return changes * WORTH_A_REBUILD > changes + int(session.execute(days).scalar() or 0)
