"""What a web server of ours offers to whoever serves a WebSocket: a way past its queues and its task."""

from __future__ import annotations

from typing import Protocol

LINE = 'churnboard.line'
"""Where the web server leaves a :class:`Line` in the ``extensions`` of a WebSocket's scope."""


class Receiver(Protocol):
    """Who has taken a line over. All of it is called on the event loop, and must return at once."""

    def done_at_once(self, text: bytes) -> bool:
        """Whether a text message that came in one piece is done with; else it comes as any other."""

    def frame(self, text: str) -> None:
        """A text message came. A binary one, of which we have none, comes as an empty text."""

    def pong(self) -> None:
        """An answer to a ping came, of Engine.IO."""

    def gone(self) -> None:
        """The connection has ended: nothing comes any more."""


class Line(Protocol):
    """A WebSocket that can be written to at once, by whoever serves it."""

    def take(self, receiver: Receiver) -> None:
        """Tell ``receiver`` from now on what comes, first what has come already.

        The application that was called for the connection may return, and the connection stays.
        """

    def listen(self) -> None:
        """Read on: after a message nothing is read until it was dealt with."""

    def write(self, text: bytes) -> None:
        """Send a text message; it waits in memory while the client does not read."""

    def waiting(self) -> int:
        """Bytes that wait."""

    def close(self) -> None:
        """Say goodbye; a client that does not answer is cut off soon after."""

    def abort(self) -> None:
        """Cut off, and forget what waits."""
