"""How many Socket.IO connections there may be: in all, of an address, of a user, and of those nobody knows yet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from services.counters import Counters
from services.errors import RateLimited

RETRY_AFTER = 10
"""Seconds: connections that say nothing are closed after as many."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most connections at a time."""

    total: int = 10_000
    per_user: int = 20
    per_address: int = 500
    unauthenticated: int = 500


class ConnectionLimits:
    """Counts the connections that are open, and says whether there is room for another."""

    def __init__(self, limits: Limits, *, counters: Counters) -> None:
        self._limits = limits
        self._counters = counters
        self._addresses: dict[str, str] = {}
        """By connection."""
        self._by_address: Counter[str] = Counter()
        self._unauthenticated: set[str] = set()

    def __len__(self) -> int:
        return len(self._addresses)

    @property
    def unauthenticated(self) -> int:
        return len(self._unauthenticated)

    def refusal(self, address: str) -> RateLimited | None:
        """Why another connection from there cannot be had now, if it cannot."""
        if len(self._addresses) >= self._limits.total:
            return self._refused('too_many_connections', 'The server has as many connections as it can serve.')
        if self._by_address[address] >= self._limits.per_address:
            return self._refused('too_many_connections_of_address', 'Too many connections come from your address.')
        if len(self._unauthenticated) >= self._limits.unauthenticated:
            return self._refused('too_many_unauthenticated', 'Too many connections wait to be signed in.')
        return None

    def user_refusal(self, connections: int) -> RateLimited | None:
        """The same for a user who has so many connections."""
        if connections < self._limits.per_user:
            return None
        return self._refused(
            'too_many_connections_of_user', f'You have {connections} connections already. Close one of them first.'
        )

    def opened(self, connection: str, address: str) -> None:
        self._addresses[connection] = address
        self._by_address[address] += 1
        self._unauthenticated.add(connection)

    def authenticated(self, connection: str) -> None:
        self._unauthenticated.discard(connection)

    def left(self, connection: str) -> None:
        """It is open, and nobody's any more."""
        if connection in self._addresses:
            self._unauthenticated.add(connection)

    def closed(self, connection: str) -> None:
        address = self._addresses.pop(connection, None)
        self._unauthenticated.discard(connection)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def _refused(self, reason: str, message: str) -> RateLimited:
        self._counters.refused(reason)
        return RateLimited(message, retry_after=RETRY_AFTER)
