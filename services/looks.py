"""What the database last said of users: of those who are watched it is kept, of others it is read when asked for."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from services.clock import Clock
from services.errors import InvalidToken, Unavailable
from services.listeners import tell
from services.user_lookup import UserLookup
from services.user_states import UserState, known_as
from services.watchers import Watchers

log = logging.getLogger(__name__)

OnChange = Callable[[UserState, UserState], Awaitable[None]]
OnAccess = Callable[[int], Awaitable[None]]


@dataclass(kw_only=True, slots=True)
class Seen:
    """A user's state; none: there is no such user. A look that finds it unchanged makes it younger."""

    state: UserState | None
    known: str
    """What the next look asks the database to compare."""
    at: datetime
    """When it was read the last time."""
    number: int = 0
    """Counts the looks in the order they began: the clock may be set back."""


class Looks:
    """Looks at users, and tells what is new of those who are watched."""

    def __init__(self, users: UserLookup, watchers: Watchers, *, clock: Clock) -> None:
        self._users = users
        self._watchers = watchers
        self._clock = clock
        self._seen: dict[int, Seen] = {}
        self._numbers = itertools.count(1)
        self._away: Unavailable | None = None
        """Why the last look failed, while it did."""
        self._on_change: list[OnChange] = []
        self._on_access: list[OnAccess] = []

    @property
    def away(self) -> bool:
        """Whether the database did not answer the last time."""
        return self._away is not None

    def on_change(self, listener: OnChange) -> None:
        """Call ``listener(before, now)`` when a watched user's revision has risen."""
        self._on_change.append(listener)

    def on_access(self, listener: OnAccess) -> None:
        """Call ``listener(user_id)`` when a watched user was disabled, got a new password or revoked something."""
        self._on_access.append(listener)

    def seen(self, user_id: int) -> Seen | None:
        """What the last look told of a watched user; ``None`` before the first one came back."""
        return self._seen.get(user_id)

    def present(self, user_id: int) -> UserState | None:
        """The state of a watched user who may see the board, if the last look told it."""
        seen = self._seen.get(user_id)
        return seen.state if seen and not self._away and seen.state and not seen.state.disabled else None

    def forget(self, user_id: int) -> None:
        self._seen.pop(user_id, None)

    async def current(self, user_id: int) -> tuple[UserState, datetime]:
        """A watched user's state is at most a beat old; that of others is read anew.

        :raises InvalidToken: there is no such user any more, or it may not sign in.
        :raises Unavailable: the database does not answer.
        """
        seen = None
        if user_id in self._watchers:
            if self._away:
                raise self._away
            seen = self._seen.get(user_id)
        if seen is None:
            at, number = self._clock(), next(self._numbers)
            seen = _seen(user_id, await self._users.state(user_id), at, number)
            if user_id in self._watchers:
                await self._remember(user_id, seen)
                seen = self._seen.get(user_id, seen)  # another look may have come back meanwhile
        if seen.state is None or seen.state.disabled:
            raise InvalidToken
        return seen.state, seen.at

    async def look(self, user_ids: Collection[int]) -> None:
        """Look at users in one query, and tell those whom a change concerns. A failure is kept for who asks."""
        if not user_ids:
            return
        try:
            await self.look_at(user_ids)
            self._away = None
        except Unavailable as error:
            self._away = error
            log.warning('The hub could not look at the database: %s', error.message)

    async def look_at(self, user_ids: Collection[int]) -> None:
        """The same; raises ``Unavailable``."""
        at, number = self._clock(), next(self._numbers)
        seen = {user_id: self._seen.get(user_id) for user_id in user_ids}
        known = [before.known if before else known_as(user_id, None) for user_id, before in seen.items()]
        changed = await self._users.changed(known)
        for user_id in changed:
            del seen[user_id]
        for before in seen.values():
            if before and before.number < number:
                before.at, before.number = at, number
        for user_id, state in changed.items():
            if user_id in self._watchers:
                await self._remember(user_id, _seen(user_id, state, at, number))

    async def _remember(self, user_id: int, seen: Seen) -> None:
        before = self._seen.get(user_id)
        if before and (before.number > seen.number or _is_older(seen, before)):
            return  # a look that began earlier came back later, or read earlier
        self._seen[user_id] = seen
        if before is None or before.state is None:
            return
        if _access(seen.state) != _access(before.state):  # first, so that nobody who may not is told of the change
            for ending in self._on_access:
                await tell(ending(user_id))
        if seen.state and seen.state.revision > before.state.revision:
            for listener in self._on_change:
                await tell(listener(before.state, seen.state))


def _seen(user_id: int, state: UserState | None, at: datetime, number: int) -> Seen:
    return Seen(state=state, known=known_as(user_id, state), at=at, number=number)


def _access(state: UserState | None) -> tuple[bool, int, int] | None:
    """What decides who may see the board."""
    return (state.disabled, state.token_version, state.access_revision) if state else None


def _is_older(seen: Seen, before: Seen) -> bool:
    """Whether it is of an earlier state; a user that is gone has none, and never comes back."""
    return bool(seen.state and before.state and seen.state.revision < before.state.revision)
