"""What watched users see while nothing changes, found again without working anything out."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.alert_watch import silent_from
from services.alerts import Evaluation
from services.snapshots import Contents
from services.user_states import UserState


class StandingBoard(NamedTuple):
    """A board, and what it follows from."""

    state: UserState
    contents: Contents
    until: datetime
    """When time alone makes it another one: a new day, or data that has become too old."""


class StandingBoards:
    """One for each watched user. A look that finds a user unchanged gives the same state again, not an equal one."""

    def __init__(self) -> None:
        self._boards: dict[int, StandingBoard] = {}

    def contents(self, state: UserState, now: datetime) -> Contents | None:
        """What a user in that state sees now, if it is known."""
        board = self._boards.get(state.user_id)
        return board.contents if board and board.state is state and now < board.until else None

    def until(self, state: UserState, now: datetime) -> datetime | None:
        """How long that will be so."""
        board = self._boards.get(state.user_id)
        return board.until if board and board.state is state and now < board.until else None

    def put(self, state: UserState, contents: Contents, decided: Evaluation, *, day_ends: datetime) -> None:
        """:param decided: of the user's alerts, which are among the contents."""
        silent = silent_from(decided)
        until = day_ends if silent is None else min(day_ends, silent)
        self._boards[state.user_id] = StandingBoard(state, contents, until)

    def forget(self, user_id: int) -> None:
        """Nobody watches the user any more."""
        self._boards.pop(user_id, None)
