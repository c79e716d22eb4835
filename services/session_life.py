"""How long a browser session lasts, and how far the person in front of it may prolong it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_WARNING = timedelta(minutes=10)
WORTH_IT = timedelta(minutes=1)
"""What a session has to gain for prolonging it to be offered."""


@dataclass(frozen=True, kw_only=True)
class SessionEnd:
    """When a session ends as it stands now."""

    expires_at: datetime
    seconds_left: int
    warning_seconds: int
    """How long before its end the person is told."""
    prolongable: bool
    """Whether it may end later."""


@dataclass(frozen=True, kw_only=True)
class SessionLife:
    length: timedelta
    """From the sign-in on, and again from whenever it is prolonged. Using the board does not prolong it."""
    limit: timedelta
    """From the sign-in on, however often it is prolonged; below the length, it cannot be."""

    @property
    def warning(self) -> timedelta:
        """Two minutes of the shortest sessions there are, which last six."""
        return min(LONGEST_WARNING, self.length / 3)

    def prolonged(self, expires_at: datetime, *, signed_in_at: datetime, now: datetime) -> datetime:
        """When a session ends that is prolonged now: never before it would have.

        :param expires_at: when it would have ended.
        """
        return max(expires_at, min(now + self.length, signed_in_at + self.limit))

    def end(self, expires_at: datetime, *, signed_in_at: datetime, now: datetime) -> SessionEnd:
        return SessionEnd(
            expires_at=expires_at,
            seconds_left=max(0, int((expires_at - now).total_seconds())),
            warning_seconds=int(self.warning.total_seconds()),
            prolongable=signed_in_at + self.limit >= expires_at + WORTH_IT,
        )
