"""What the hub is asked, and the kinds of answers there are."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from services.errors import Unavailable
from services.selection import Selection

T = TypeVar('T')


class BeingWorkedOut(Unavailable):
    """The answer takes long and is on its way; there is no earlier one to show meanwhile."""

    def __init__(self, predictions: int | None = None) -> None:
        does = 'takes long' if predictions is None else f'goes through all of your {predictions:,} predictions'
        super().__init__(f'This filter {does} and is being worked out; ask again in a few seconds.', retry_after=5)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A user's query as of one look at the user's state."""

    selection: Selection
    revision: int
    at: datetime

    @property
    def about(self) -> Hashable:
        """Equal for the same user and query at any time."""
        return self.selection.user_id, self.selection.query

    @property
    def reading(self) -> Hashable:
        """Equal for questions that are answered by the same reading of the database."""
        return self.about, self.selection.today, self.selection.zone.key

    @property
    def key(self) -> Hashable:
        """Equal for questions that have the same answer."""
        return self.reading, self.revision

    def etag(self, *about: Hashable) -> str:
        """Changes with whatever may change the answer: the data, the day, and what else it is about."""
        of = repr((self.key, self.selection.bands, about))
        return f'"{hashlib.blake2b(of.encode(), digest_size=16).hexdigest()}"'


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[T]):
    """What was true as of ``as_of``; refreshing: something newer is being worked out."""

    value: T
    as_of: datetime
    refreshing: bool = False


@dataclass(frozen=True, kw_only=True)
class TakesLong:
    """In place of an answer: it is for the lane."""

    predictions: int | None
