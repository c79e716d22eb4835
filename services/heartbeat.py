"""Whether clients are still there: each is asked now and then, all of them by one timer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import islice, takewhile
from typing import Protocol

TICK = 0.1
"""Seconds between two looks at who is due: with thousands of clients each look asks many."""


class Client(Protocol):
    """Who is asked."""

    def ask(self) -> None:
        """Ask the client for a sign of life; must not block."""

    def give_up(self) -> None:
        """It gave none in time."""


class Heartbeat:
    """Asks a client an interval after it came, and after each answer.

    Interval and timeout are the same for all, so that who was put down first is due first.
    """

    def __init__(self, *, interval: float, timeout: float) -> None:
        """
        :param interval: seconds from an answer to the next question.
        :param timeout: seconds a client may take to answer.
        """
        self._interval = interval
        self._timeout = timeout
        self._resting: dict[Client, float] = {}
        """When each is asked next, by the loop's clock."""
        self._asked: dict[Client, float] = {}
        """Until when each has to answer."""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._resting) + len(self._asked)

    def begin(self, client: Client) -> None:
        """The client has come."""
        self._rest(client)

    def answered(self, client: Client) -> None:
        """The client gave a sign of life; one that it was not asked for counts for nothing."""
        if self._asked.pop(client, None) is not None:
            self._rest(client)

    def end(self, client: Client) -> None:
        """The client has gone."""
        self._resting.pop(client, None)
        self._asked.pop(client, None)

    def _rest(self, client: Client) -> None:
        loop = asyncio.get_running_loop()
        self._resting[client] = loop.time() + self._interval
        if self._timer is None:
            self._timer = loop.call_later(self._interval, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        try:
            for client in _due(self._asked, now):
                del self._asked[client]
                client.give_up()
            for client in _due(self._resting, now):
                del self._resting[client]
                self._asked[client] = now + self._timeout
                client.ask()
        finally:
            self._look_again(now)

    def _look_again(self, now: float) -> None:
        first = [*islice(self._asked.values(), 1), *islice(self._resting.values(), 1)]
        later = max(min(first), now + TICK) if first else None
        self._timer = asyncio.get_running_loop().call_at(later, self._look) if later is not None else None


def _due(clients: Mapping[Client, float], now: float) -> list[Client]:
    return [client for client, _at in takewhile(lambda each: each[1] <= now, clients.items())]
