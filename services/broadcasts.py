"""What clients are sent without asking: updates at each beat, arrivals and alerts at once, the end of their access."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from functools import partial
from typing import Any

from services.auth import Auth
from services.clock import Clock, rfc3339
from services.connections import Connection, Connections
from services.database import Database
from services.emitter import Emitter
from services.errors import ChurnboardError, InvalidToken
from services.hub import LiveHub
from services.listeners import tell
from services.recent import arrivals_between
from services.schemas import Alert, AlertType
from services.scores import RiskBands
from services.socket_server import MAX_BACKLOG, SocketServer
from services.supervision import Supervisor
from services.user_states import UserState

log = logging.getLogger(__name__)

MAX_ARRIVALS = 5
"""``new_prediction`` events a user gets in a beat."""

SLOW_BACKLOG = 4
"""Packets waiting above which a connection gets no update until it has caught up: the latest state wins."""


class Broadcasts:
    """Sends what the hub learns to the connections it concerns."""

    def __init__(
        self,
        *,
        server: SocketServer,
        emitter: Emitter,
        auth: Auth,
        connections: Connections,
        hub: LiveHub,
        database: Database,
        supervisor: Supervisor,
        bands: RiskBands,
        clock: Clock,
    ) -> None:
        self.epoch = secrets.token_hex(8)
        """Names this run of the server."""
        self._server = server
        self._emitter = emitter
        self._auth = auth
        self._connections = connections
        self._hub = hub
        self._database = database
        self._supervisor = supervisor
        self._bands = bands
        self._clock = clock
        self._announced: Counter[int] = Counter()
        self._held_back: dict[int, tuple[int, int]] = {}

    def start(self) -> None:
        self._hub.on_beat(self.beat)
        self._hub.on_user_beat(self.user_beat)
        self._hub.on_arrivals(self.arrivals)
        self._hub.on_alert(self.alert)

    async def update(self, connection: Connection) -> dict[str, Any]:
        """The payload of the connection's next ``dashboard_update``."""
        while True:
            query = connection.query
            snapshot = await self._hub.snapshot(connection.identity.user_id, query)
            if query == connection.query:  # else a filter overtook us, and nobody wants the old numbers after the new
                break
        connection.seq += 1
        return {**snapshot.payload, 'epoch': self.epoch, 'seq': connection.seq}

    async def beat(self) -> None:
        """End what may go on no longer."""
        self._announced.clear()
        sessions = {connection.identity.session_hash for connection in self._connections} - {None}
        living = await self._auth.living_sessions([name for name in sessions if name])
        for connection in self._connections:
            if not self._may_stay(connection, living):
                self._end(connection, InvalidToken().payload())

    async def user_beat(self, user_id: int) -> None:
        """Send a user's connections their numbers, and what was held back since the last beat."""
        held_back = self._held_back.pop(user_id, None)
        if held_back:
            await tell(self._announce(user_id, *held_back, allowed=1))
        for connection in self._connections.of(user_id):
            await self._send(connection)

    async def arrivals(self, before: UserState, now: UserState) -> None:
        """New predictions of a user were committed."""
        user_id = now.user_id
        if not self._connections.of(user_id):
            return
        allowed = MAX_ARRIVALS - self._announced[user_id]
        if allowed > 0:
            await self._announce(user_id, before.arrivals, now.arrivals, allowed=allowed)
        else:
            after, _ = self._held_back.get(user_id, (before.arrivals, 0))
            self._held_back[user_id] = (after, now.arrivals)

    async def alert(self, user_id: int, alert: Alert) -> None:
        """An alert of a user started."""
        await self._emitter.push(user_id, 'system_alert', alert.model_dump(mode='json'))

    async def warn(self, connection: Connection) -> None:
        """The connection's token is about to expire."""
        message = f'The token expires at {rfc3339(connection.identity.expires_at)}. Connect again with a new one.'
        warning = Alert(type=AlertType.WARNING, message=message, timestamp=rfc3339(self._clock()), id='token-expiring')
        await self._emitter.answer(connection.sid, 'system_alert', warning.model_dump(mode='json'))

    async def expire(self, connection: Connection) -> None:
        """The connection's token has expired."""
        self._end(connection, {'code': 'token_expired', 'message': 'The token has expired. Get a new one.'})

    def _may_stay(self, connection: Connection, living_sessions: set[str]) -> bool:
        """Not disabled, no new password since, and not signed out of the session its token came from."""
        identity = connection.identity
        seen = self._hub.seen(identity.user_id)
        if seen is None:
            return True  # it has only just come: nobody looked yet
        if seen.state is None or seen.state.disabled or seen.state.token_version != identity.token_version:
            return False
        return identity.session_hash is None or identity.session_hash in living_sessions

    async def _send(self, connection: Connection) -> None:
        backlog = self._server.backlog(connection.sid)
        if backlog > MAX_BACKLOG:
            log.info('A connection of user %s was closed: it does not read', connection.identity.user_id)
            self._end(connection, None)
        elif backlog <= SLOW_BACKLOG:
            try:
                await self._emitter.answer(connection.sid, 'dashboard_update', await self.update(connection))
            except ChurnboardError as error:
                await self._emitter.answer(connection.sid, 'error', error.payload())

    async def _announce(self, user_id: int, after: int, upto: int, *, allowed: int) -> None:
        """Push the newest arrivals in (after, upto]; the last of them tells how many more there are."""
        items = await self._database.read(
            lambda session: arrivals_between(session, user_id, after, upto, bands=self._bands, limit=allowed)
        )
        if not items:
            return
        if upto - after > len(items):
            items[-1]['more'] = upto - after - len(items)
        self._announced[user_id] += len(items)
        for item in items:
            await self._emitter.push(user_id, 'new_prediction', item)

    def _end(self, connection: Connection, problem: dict[str, object] | None) -> None:
        """Forget the connection at once, so that it gets no further data; say why and close it meanwhile."""
        self._connections.remove(connection.sid)
        self._supervisor.spawn(f'end of {connection.sid[:4]}', partial(self._say_and_close, connection.sid, problem)())

    async def _say_and_close(self, sid: str, problem: dict[str, object] | None) -> None:
        if problem:
            await self._emitter.answer(sid, 'error', problem)
        await self._emitter.end(sid)
