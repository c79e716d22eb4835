"""What a client hears of its board, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, StrEnum, auto
from typing import Any, Protocol

from services.live_board import Board, LiveBoard, Taken
from services.live_errors import LiveError


class ConnectionStatus(StrEnum):
    CONNECTING = 'connecting'
    CONNECTED = 'connected'
    RECONNECTING = 'reconnecting'
    POLLING = 'polling'
    """Further attempts to connect are made, and the board comes by REST meanwhile."""
    DISCONNECTED = 'disconnected'
    """Nobody is connected, and nothing is tried."""
    ERROR = 'error'
    """The server refuses; nothing more is tried."""


class FeedListener(Protocol):
    """Is told at once; must not block."""

    def updated(self, board: Board) -> None: ...
    def predicted(self, prediction: dict[str, Any]) -> None: ...
    def alerted(self, alert: dict[str, Any]) -> None: ...
    def became(self, status: ConnectionStatus) -> None: ...
    def failed(self, error: LiveError) -> None: ...


class Need(Enum):
    """What has to be done after a message."""

    NOTHING = auto()
    BOARD = auto()
    """Messages are missing: the board has to be asked for."""
    TOKEN = auto()
    """The token ends soon."""


class LiveFeed:
    """The board, the state of the connection, and those who want to know of both."""

    def __init__(self) -> None:
        self.board = LiveBoard()
        self.status = ConnectionStatus.DISCONNECTED
        self.listeners: list[FeedListener] = []
        self.holding = False
        """While the board is not the one that was asked for: it is kept, and nobody is told."""
        self.retry_after = 0.0
        """Seconds after which a server that is about to stop, or has no room, wants to be asked again."""

    def become(self, status: ConnectionStatus) -> None:
        if status is not self.status:
            self.status = status
            self._tell(lambda listener: listener.became(status))

    def announce(self) -> None:
        board = self.board.data
        if board is not None and not self.holding:
            self._tell(lambda listener: listener.updated(board))

    def failed(self, error: LiveError) -> None:
        self._tell(lambda listener: listener.failed(error))

    def hear(self, event: str, data: Any) -> Need:
        """Take in a message of the server; those that are not known are left out, as the protocol asks."""
        match event:
            case 'dashboard_update':
                return self._take(self.board.take_update(data))
            case 'dashboard_changes':
                return self._take(self.board.take_changes(data))
            case 'new_prediction':
                self._tell(lambda listener: listener.predicted(data))
            case 'system_alert':
                self._tell(lambda listener: listener.alerted(data))
                return Need.TOKEN if data['id'] == 'token-expiring' else Need.NOTHING
            case 'server_shutdown':
                self.retry_after = float(data['retry_after'])
            case 'error':
                self.failed(LiveError.of(data))
        return Need.NOTHING

    def _take(self, taken: Taken) -> Need:
        if taken is Taken.NEW:
            self.announce()
        return Need.BOARD if taken is Taken.GAP else Need.NOTHING

    def _tell(self, tell: Callable[[FeedListener], None]) -> None:
        for listener in list(self.listeners):
            tell(listener)
