"""The board as a client knows it: put together from whole updates and from changes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

Board = dict[str, Any]
"""The object of ``GET /api/live-data``."""

NESTED = ('metrics', 'trends')
"""Parts of which only the changed keys are sent."""
ENDED = {'state': None, 'sample': False}
"""How it is told that an optional key is there no longer."""
OF_THE_MESSAGE = ('epoch', 'seq', 'action')
"""Keys of a message that are no part of the board."""


class Taken(Enum):
    """What a message was."""

    NEW = auto()
    OLD = auto()
    """Known already: it came twice."""
    GAP = auto()
    """One before it is missing: the whole board is needed."""


class LiveBoard:
    """Never changed in place: who was handed a board may keep it."""

    def __init__(self) -> None:
        self.data: Board | None = None
        self.last: tuple[str, int] | None = None
        """``epoch`` and ``seq`` of the last message of this connection."""

    def begin(self) -> None:
        """A new connection: it counts its messages from anew."""
        self.last = None

    def take_update(self, message: Mapping[str, Any]) -> Taken:
        """A ``dashboard_update``; it is whole, so that nothing before it is missed."""
        if self._is_known(message):
            return Taken.OLD
        self._note(message)
        self.data = {key: value for key, value in message.items() if key not in OF_THE_MESSAGE}
        return Taken.NEW

    def take_changes(self, message: Mapping[str, Any]) -> Taken:
        """A ``dashboard_changes``: counts only right after the message before it."""
        if self._is_known(message):
            return Taken.OLD
        if self.data is None or self.last != (message['epoch'], message['seq'] - 1):
            return Taken.GAP
        self._note(message)
        changed = {key: value for key, value in message.items() if key not in OF_THE_MESSAGE}
        whole = {key: {**self.data[key], **changed.pop(key)} for key in NESTED if key in changed}
        board = {**self.data, **changed, **whole}
        self.data = {key: value for key, value in board.items() if key not in ENDED or value != ENDED[key]}
        return Taken.NEW

    def take_polled(self, data: Board) -> None:
        """The board by REST."""
        self.data = data

    def _is_known(self, message: Mapping[str, Any]) -> bool:
        return self.last is not None and self.last[0] == message['epoch'] and message['seq'] <= self.last[1]

    def _note(self, message: Mapping[str, Any]) -> None:
        self.last = (message['epoch'], message['seq'])
