"""What a web server of ours offers to whoever serves a WebSocket: a way past its queues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

LINE = 'churnboard.line'
"""Where the web server leaves a :class:`Line` in the ``extensions`` of a WebSocket's scope."""


class Line(Protocol):
    """A WebSocket that can be written to at once, by whoever serves it."""

    on_pong: Callable[[], None] | None
    """Told of answers to pings, which then do not come by the way of other messages."""

    def write(self, text: bytes) -> None:
        """Send a text message; it waits in memory while the client does not read."""

    def waiting(self) -> int:
        """Bytes that wait."""

    def close(self) -> None:
        """Say goodbye; a client that does not answer is cut off soon after."""

    def abort(self) -> None:
        """Cut off, and forget what waits."""
