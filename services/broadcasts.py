"""What clients are sent without asking: updates at each beat, alerts and news at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from services.access_watch import AccessWatch
from services.board_messages import BoardMessages
from services.connections import Connection, Connections, Updates
from services.counters import Counters
from services.emitter import Emitter
from services.errors import ChurnboardError
from services.hub import LiveHub
from services.schemas import Alert
from services.snapshots import Snapshot
from services.supervision import Supervisor
from services.turns import Turn

log = logging.getLogger(__name__)

NOT_DRAINED = 16_384
"""Bytes waiting above which a connection gets no update until it has read them: the latest state wins."""

BEHIND_SECONDS = 30.0
"""For how long a connection may be left out before it is closed."""

IN_A_ROW = 20
"""Users who are served before others get their turn on the loop: each may take a fifth of a millisecond."""

AT_ONCE = 3
"""Updates that are worked out at a time: fewer than there are connections to the database."""


class Broadcasts:
    """Sends what the hub learns to the connections it concerns."""

    def __init__(
        self,
        *,
        emitter: Emitter,
        connections: Connections,
        hub: LiveHub,
        messages: BoardMessages,
        access: AccessWatch,
        supervisor: Supervisor,
        counters: Counters,
    ) -> None:
        self._emitter = emitter
        self._connections = connections
        self._hub = hub
        self._messages = messages
        self._access = access
        self._supervisor = supervisor
        self._counters = counters
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def beat(self, users: Collection[int]) -> None:
        """Send these users' connections their numbers: what is known at once, the rest as soon as it is."""
        served = 0
        for user_id in self._unserved(users):
            news = [connection for connection in self._connections.of(user_id) if not self._knows(connection)]
            for connection in news:
                if self._drains(connection):
                    self._serve(connection)
            if not news and isinstance(users, Turn):
                users.settle(user_id)
            served += bool(news)
            if news and served % IN_A_ROW == 0:
                await asyncio.sleep(0)  # whatever else waits for the loop

    async def alert(self, user_id: int, alert: Alert) -> None:
        """An alert of a user started."""
        self._emitter.push(user_id, 'system_alert', alert)

    async def snapshot(self, connection: Connection) -> Snapshot:
        """What the connection's query shows now."""
        while True:
            query = connection.query
            snapshot = await self._hub.snapshot(connection.identity.user_id, query)
            if query == connection.query:  # else a filter overtook us, and nobody wants the old numbers after the new
                return snapshot

    def _unserved(self, users: Collection[int]) -> Collection[int]:
        """Those of the users of whose connections it is not known that there is nothing to send."""
        return users.unserved() if isinstance(users, Turn) and not self._hub.away else users

    def _knows(self, connection: Connection) -> bool:
        """Whether there is nothing to send: it wants changes alone, and was sent what its user sees now."""
        return (
            connection.updates is Updates.CHANGES
            and connection.sent is not None
            and connection.sent is self._hub.standing(connection.identity.user_id)
        )

    def _serve(self, connection: Connection) -> None:
        snapshot = self._hub.ready(connection.identity.user_id, connection.query)
        if snapshot:
            self._send(connection, snapshot)
        elif not connection.working:
            connection.working = True
            self._supervisor.spawn(f'update of {connection.sid[:4]}', self._work_out(connection))

    async def _work_out(self, connection: Connection) -> None:
        try:
            async with self._at_once:
                snapshot = await self.snapshot(connection)
            if self._connections.get(connection.sid) is connection:
                self._send(connection, snapshot)
        except ChurnboardError as error:
            self._emitter.tell(connection, 'error', error.payload())
        finally:
            connection.working = False

    def _send(self, connection: Connection, snapshot: Snapshot) -> None:
        if connection.updates is Updates.FULL:
            self._emitter.send(connection, 'dashboard_update', self._messages.update(connection, snapshot))
        elif changes := self._messages.changes(connection, snapshot):
            self._emitter.send(connection, 'dashboard_changes', changes)

    def _drains(self, connection: Connection) -> bool:
        """Whether it reads what it is sent; one that does not for long is closed."""
        if connection.socket.waiting() <= NOT_DRAINED:
            connection.behind_since = None
            return True
        now = asyncio.get_running_loop().time()
        if connection.behind_since is None:
            connection.behind_since = now
        self._counters.dropped('update_not_read')
        if now - connection.behind_since > BEHIND_SECONDS:
            log.info('A connection of user %s was closed: it does not read', connection.identity.user_id)
            self._counters.dropped('slow_reader')
            self._access.end(connection, None)
        return False
