"""The states of users, read for all who ask at the same time by one statement."""

from __future__ import annotations

from collections.abc import Collection

from services.coalescing import Coalescing
from services.database import Database
from services.user_states import UserState, ask_states, changed_states


class UserLookup:
    """Reads users; nothing is kept, so that an answer is never older than the question."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: Coalescing[int, UserState] = Coalescing(self._read, name='users', at_once=1)

    async def state(self, user_id: int) -> UserState | None:
        """The user's state; ``None``: there is no such user.

        :raises Unavailable: the database does not answer.
        """
        return await self._asked.get(user_id)

    async def changed(self, known: Collection[str]) -> dict[int, UserState | None]:
        """The present states of those of the users who are not as they are known, by one statement.

        :param known: what ``known_as`` says of each of them; that of several may be one text, with commas between.
        :raises Unavailable: the database does not answer.
        """
        return await self._database.run(lambda: changed_states(self._database, known))

    async def _read(self, user_ids: Collection[int]) -> dict[int, UserState]:
        return await self._database.run(lambda: ask_states(self._database, user_ids))
