"""The end of access: no connection outlives its token, its browser session, or its account as it was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial

from services.auth import Auth
from services.clock import Clock, rfc3339
from services.connections import Connection, Connections
from services.credentials import UserCredentials
from services.emitter import Emitter
from services.errors import InvalidToken
from services.hub import LiveHub
from services.identity import NEVER, Identity
from services.listeners import tell
from services.schemas import Alert, AlertType
from services.supervision import Supervisor
from services.user_states import UserState

log = logging.getLogger(__name__)

WARNING_SECONDS = 60.0
"""How long before the end of its token a client is told to get a new one."""

LONGEST = 2.5
"""Seconds between two looks at who may stay, however slow the beat is: what they look at may be as old."""

EXPIRED: dict[str, object] = {'code': 'token_expired', 'message': 'The token has expired. Get a new one.'}


class AccessWatch:
    """Ends the connections of those who may see the board no longer."""

    def __init__(
        self,
        *,
        auth: Auth,
        hub: LiveHub,
        connections: Connections,
        emitter: Emitter,
        supervisor: Supervisor,
        clock: Clock,
    ) -> None:
        self._auth = auth
        self._hub = hub
        self._connections = connections
        self._emitter = emitter
        self._supervisor = supervisor
        self._clock = clock
        self._checks: list[Callable[[], Awaitable[None]]] = [self.check]
        hub.on_access(self.check_user)

    def also(self, check: Callable[[], Awaitable[None]]) -> None:
        """Run another check each time: that of pages, which are not known here."""
        self._checks.append(check)

    async def run(self) -> None:
        """Check for ever, twice a beat, as the hub looks at each user; at least every two and a half seconds.

        Each check has its own time: one that waits for the database keeps no other waiting.
        """
        half = self._hub.refresh_seconds / 2
        looks = [self._hub.look] if half > LONGEST else []
        async with asyncio.TaskGroup() as group:
            for check in [*looks, *self._checks]:
                group.create_task(_repeat(check, seconds=min(half, LONGEST)), name='access check')

    async def check(self) -> None:
        """End what may go on no longer: all connections are looked at, by one query of each kind."""
        await self._check(list(self._connections))

    async def check_user(self, user_id: int) -> None:
        """The same of one user, as soon as there is a reason."""
        await self._check(self._connections.of(user_id))

    async def _check(self, connections: Collection[Connection]) -> None:
        now = self._clock()
        for connection in connections:
            if connection.identity.expires_at <= now:  # its timer does not notice that the clock was set
                self.expire(connection)
        shown = [(connection, connection.identity) for connection in connections]
        living = await self._auth.living_sessions({name for _, who in shown if (name := who.session_hash)})
        credentials = await self._auth.credentials.of_many(self._states({who.user_id for _, who in shown}))
        for connection, identity in shown:
            # what was shown meanwhile was checked meanwhile, and may not be in what was read here
            as_it_was = self._connections.get(connection.sid) is connection and connection.identity is identity
            if as_it_was and not self._may_stay(identity, living, credentials):
                self.end(connection, InvalidToken().payload())

    def schedule(self, connection: Connection) -> None:
        """Warn the client before its token expires, and end the connection then; a renewed token counts from anew."""
        connection.stop_timers()
        if self._connections.get(connection.sid) is not connection:
            return  # it ended while the new token was checked
        if connection.identity.expires_at == NEVER:
            return
        left = (connection.identity.expires_at - self._clock()).total_seconds()
        for seconds, act in ((left - WARNING_SECONDS, self.warn), (left, self.expire)):
            timer = asyncio.get_running_loop().call_later(max(0.0, seconds), act, connection)
            connection.timers.append(timer)

    def warn(self, connection: Connection) -> None:
        """The connection's token is about to expire."""
        message = (
            f'The token expires at {rfc3339(connection.identity.expires_at)}. '
            'Send authenticate with a new one to go on.'
        )
        warning = Alert(type=AlertType.WARNING, message=message, timestamp=rfc3339(self._clock()), id='token-expiring')
        self._emitter.tell(connection, 'system_alert', warning)

    def expire(self, connection: Connection) -> None:
        """The connection's token has expired."""
        self.end(connection, EXPIRED)

    def end(self, connection: Connection, problem: dict[str, object] | None) -> None:
        """Say why, forget the connection at once, so that it gets no further data, and close it meanwhile."""
        if problem:
            self._emitter.tell(connection, 'error', problem)
        self._connections.remove(connection.sid)
        ending = partial(self._emitter.end, connection.sid)
        self._supervisor.spawn(f'end of {connection.sid[:4]}', ending())

    def _states(self, users: Collection[int]) -> list[UserState]:
        """Those of the users of whom some key or token may have been revoked."""
        seen = [self._hub.seen(user_id) for user_id in users]
        return [each.state for each in seen if each and each.state and each.state.access_revision]

    def _may_stay(
        self, identity: Identity, living_sessions: set[str], credentials: Mapping[int, UserCredentials]
    ) -> bool:
        """Not disabled, no new password since, and what was shown was neither revoked nor signed out of."""
        seen = self._hub.seen(identity.user_id)
        if seen is None:
            return True  # it has only just come: nobody looked yet
        # a version that is newer than the last look was shown after it
        if seen.state is None or seen.state.disabled or seen.state.token_version > identity.token_version:
            return False
        if identity.session_hash is not None and identity.session_hash not in living_sessions:
            return False
        known = credentials.get(identity.user_id)
        return known is None or known.hold(identity.proof, identity.token_version)


async def _repeat(check: Callable[[], Awaitable[None]], *, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due = max(due + seconds, loop.time())  # a slow one is no reason to wait longer for the next
        await asyncio.sleep(due - loop.time())
        await tell(check())
