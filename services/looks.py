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
from services.turns import Turn
from services.user_lookup import UserLookup
from services.user_states import KnownState, UserState, known_as
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
    turn: Turn
    """Its looks speak of all in it at once."""
    read_at: datetime
    """When the last look that spoke of this user alone began."""
    read_by: int
    """Its number: looks are counted in the order they began, as the clock may be set back."""
    apart_until: int
    """Looks of the turn up to this number did not ask about this state."""

    @property
    def at(self) -> datetime:
        """When the last look began that told so."""
        return self.turn.at if self.turn.number > self.apart_until else self.read_at

    @property
    def number(self) -> int:
        """Of that look."""
        return self.turn.number if self.turn.number > self.apart_until else self.read_by

    def told_again(self, *, at: datetime, number: int) -> None:
        """A look found it unchanged."""
        if number > self.number:
            self.read_at, self.read_by = at, number
            self.apart_until = max(self.apart_until, number)

    def except_from(self, number: int) -> None:
        """That look of the turn found it changed."""
        self.read_at, self.read_by, self.apart_until = self.at, self.number, max(self.apart_until, number)


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
        self.access_changes = 0
        """How often a watched user was disabled, got a new password or revoked something; counted before it is told."""
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

    async def current(self, user_id: int, *, known: KnownState | None = None) -> tuple[UserState, datetime]:
        """A watched user's state is at most a beat old; that of others is read anew, unless it just was.

        :param known: what was read for this very question.
        :raises InvalidToken: there is no such user any more, or it may not sign in.
        :raises Unavailable: the database does not answer.
        """
        assert known is None or known.state.user_id == user_id
        seen = None
        if user_id in self._watchers:
            if self._away:
                raise self._away
            seen, known = self._seen.get(user_id), None
        state, at = (seen.state, seen.at) if seen else known or await self._read(user_id)
        if state is None or state.disabled:
            raise InvalidToken
        return state, at

    async def _read(self, user_id: int) -> tuple[UserState | None, datetime]:
        at, number = self._clock(), next(self._numbers)
        state = await self._users.state(user_id)
        if user_id in self._watchers:
            await self._remember(user_id, state, at, number)
            if seen := self._seen.get(user_id):  # another look may have come back meanwhile
                return seen.state, seen.at
        return state, at

    async def look(self, *groups: Collection[int]) -> None:
        """Look at users in one query, and tell those whom a change concerns. A failure is kept for who asks."""
        if not any(groups):
            return
        try:
            await self.look_at(*groups)
            self._away = None
        except Unavailable as error:
            self._away = error
            log.warning('The hub could not look at the database: %s', error.message)

    async def look_at(self, *groups: Collection[int]) -> None:
        """The same; raises ``Unavailable``."""
        at, number = self._clock(), next(self._numbers)
        turns = [group for group in groups if isinstance(group, Turn)]
        others = [user_id for group in groups if not isinstance(group, Turn) for user_id in group]
        seen = {user_id: self._seen.get(user_id) for user_id in others}
        known = [turn.known() for turn in turns if turn]
        known += [before.known if before else known_as(user_id, None) for user_id, before in seen.items()]
        for turn in turns:
            turn.begun = number
        changed = await self._users.changed(known)
        for user_id in changed:
            if before := self._seen.get(user_id):
                before.except_from(number)
        for user_id, before in seen.items():
            if before and user_id not in changed:
                before.told_again(at=at, number=number)
        for turn in turns:
            turn.looked(at=at, number=number)
        for user_id, state in changed.items():
            if user_id in self._watchers:
                await self._remember(user_id, state, at, number)

    async def _remember(self, user_id: int, state: UserState | None, at: datetime, number: int) -> None:
        before, turn = self._seen.get(user_id), self._watchers.turn_of(user_id)
        if before and (before.number > number or _is_older(state, before.state)):
            return  # a look that began earlier came back later, or read earlier
        known = known_as(user_id, state)
        self._seen[user_id] = Seen(
            state=state,
            known=known,
            turn=turn,
            read_at=at,
            read_by=number,
            apart_until=max(number, turn.begun),
        )
        turn.stir(user_id, known=known)
        if before is None or before.state is None:
            return
        if _access(state) != _access(before.state):  # first, so that nobody who may not is told of the change
            self.access_changes += 1
            for ending in self._on_access:
                await tell(ending(user_id))
        if state and state.revision > before.state.revision:
            for listener in self._on_change:
                await tell(listener(before.state, state))


def _access(state: UserState | None) -> tuple[bool, int, int] | None:
    """What decides who may see the board."""
    return (state.disabled, state.token_version, state.access_revision) if state else None


def _is_older(state: UserState | None, before: UserState | None) -> bool:
    """Whether it is of an earlier state; a user that is gone has none, and never comes back."""
    return bool(state and before and state.revision < before.revision)
