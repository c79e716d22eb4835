"""A turn: the users whose moment of the beat is the same. What holds for all of them is kept once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from services.user_states import known_as

NEVER = datetime.max.replace(tzinfo=UTC)


class Turn(Collection[int]):
    """Users who are looked at together: while none of them changes, a look does nothing for each."""

    def __init__(self) -> None:
        self.at = datetime.min.replace(tzinfo=UTC)
        """When the last look that came back began."""
        self.number = 0
        """Of that look."""
        self.begun = 0
        """Of the last look that began."""
        self._known: dict[int, str] = {}
        """What the next look asks the database to compare of each user."""
        self._written: str | None = ''
        """All of it; ``None``: it has to be written anew."""
        self._listed: tuple[int, ...] | None = ()
        self._restless: set[int] = set()
        self._unserved: set[int] = set()
        self._until = NEVER

    def __iter__(self) -> Iterator[int]:
        """Over those who are there now, whoever comes or goes meanwhile."""
        if self._listed is None:
            self._listed = tuple(self._known)
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._known

    def add(self, user_id: int) -> None:
        self._listed = None
        self.stir(user_id, known=known_as(user_id, None))

    def remove(self, user_id: int) -> None:
        self._known.pop(user_id, None)
        self._restless.discard(user_id)
        self._unserved.discard(user_id)
        self._listed = self._written = None

    def stir(self, user_id: int, *, known: str) -> None:
        """Something of a user of the turn is not as it was.

        :param known: what :func:`services.user_states.known_as` says of the user now.
        """
        self._known[user_id] = known
        self._restless.add(user_id)
        self._unserved.add(user_id)
        self._written = None

    def known(self) -> str:
        """What the database is asked to compare of all its users."""
        if self._written is None:
            self._written = ','.join(self._known.values())
        return self._written

    def restless(self, now: datetime) -> list[int]:
        """The users whose boards are not known to stand."""
        if now >= self._until:  # somebody's may have become another: whose is not kept
            self._restless.update(self._known)
            self._unserved.update(self._known)
            self._until = NEVER
        return list(self._restless)

    def rest(self, user_id: int, *, until: datetime) -> None:
        """The user's board stands until then, if nothing of the user changes."""
        self._restless.discard(user_id)
        self._until = min(self._until, until)

    def unserved(self) -> list[int]:
        """The users who may have something to be told: all whose boards do not stand, and others."""
        return list(self._unserved)

    def unsettle(self, user_id: int) -> None:
        """Somebody new looks at the user's board, or was told something else than others."""
        self._unserved.add(user_id)

    def settle(self, user_id: int) -> None:
        """All who look at the user's board were told what it shows, and want to hear nothing while it stands."""
        if user_id not in self._restless:
            self._unserved.discard(user_id)

    def looked(self, *, at: datetime, number: int) -> None:
        """A look came back: all are as they were known when it began, but those who were made an exception."""
        if number > self.number:
            self.at, self.number = at, number
