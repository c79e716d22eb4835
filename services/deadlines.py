"""When something is to be done with connections, by the time of day: one timer serves all of them."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable
from datetime import datetime

from services.clock import Clock
from services.connections import Connection, Connections

log = logging.getLogger(__name__)

SPARE = 64
"""Times that may wait for nobody, beside as many as there are connections."""

SHORTEST = 0.001
"""Seconds the loop may sleep; it counts no less."""


class Deadlines:
    """Acts on each connection when its time has come. A timer of the loop for each would hold 1.5 KB as long."""

    def __init__(self, connections: Connections, act: Callable[[Connection, datetime], None], *, clock: Clock) -> None:
        """:param act: called with the connection and what time it is; may set a later time for the same connection."""
        self._connections = connections
        self._act = act
        self._clock = clock
        self._waiting: list[tuple[float, str]] = []
        """A heap. What was renewed or has ended stays in it for a while, by its id alone."""
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = 0.0

    def __len__(self) -> int:
        """How many times wait, with those that are out of date."""
        return len(self._waiting)

    def set(self, connection: Connection, at: datetime | None) -> None:
        """Act on the connection then, and no more when it was to be before; ``None``: never."""
        connection.due = at.timestamp() if at else None
        if connection.due is not None:
            heapq.heappush(self._waiting, (connection.due, connection.sid))
            self._tidy()
            if self._timer is None or self._waiting[0][0] < self._wakes_at:
                self._sleep()

    def look(self) -> None:
        """Act on those whose time has come. The timer does not notice that the clock was set: look now and then."""
        now = self._clock()
        while self._waiting and self._waiting[0][0] <= now.timestamp():
            due, sid = heapq.heappop(self._waiting)
            connection = self._connections.get(sid)
            if connection and connection.due == due:
                connection.due = None
                self._act_on(connection, now)
        self._tidy()
        self._sleep()

    def _act_on(self, connection: Connection, now: datetime) -> None:
        try:
            self._act(connection, now)
        except Exception:  # the others' time has come all the same
            log.exception('A connection of user %s could not be acted on in time', connection.identity.user_id)

    def _tidy(self) -> None:
        """Forget what is out of date once it is most of what waits."""
        if len(self._waiting) > 2 * len(self._connections) + SPARE:
            self._waiting = [(each.due, each.sid) for each in self._connections if each.due is not None]
            heapq.heapify(self._waiting)

    def _sleep(self) -> None:
        """Until the first of them is due."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._wakes_at = self._waiting[0][0]
            left = max(SHORTEST, self._wakes_at - self._clock().timestamp())
            self._timer = asyncio.get_running_loop().call_later(left, self.look)
