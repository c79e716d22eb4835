"""What a client of the live protocol is told when something does not go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self


class LiveError(Exception):
    """A refusal by the server, or that it cannot be asked now.

    :param code: one of the codes of the protocol; ``disconnected`` where there is no connection.
    :param field: the key it is about.
    :param retry_after: seconds after which trying again makes sense.
    """

    def __init__(self, message: str, *, code: str, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field
        self.retry_after = retry_after

    @classmethod
    def of(cls, problem: Mapping[str, Any]) -> Self:
        """Of the object of an ``error`` event, an acknowledgement, or a REST answer."""
        return cls(
            str(problem.get('message', 'The server gave no reason.')),
            code=str(problem.get('code', 'unavailable')),
            field=problem.get('field'),
            retry_after=problem.get('retry_after'),
        )


class Disconnected(LiveError):
    """There is no connection to ask over."""

    def __init__(self, message: str = 'There is no connection to the server now. Try again when there is one.') -> None:
        super().__init__(message, code='disconnected')
