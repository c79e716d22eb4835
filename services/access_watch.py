"""The end of access: no connection outlives its token, its browser session, or its account as it was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from services.auth import Auth
from services.clock import Clock, rfc3339
from services.connections import Connection, Connections
from services.credentials import UserCredentials
from services.deadlines import Deadlines
from services.emitter import Emitter
from services.errors import InvalidToken
from services.hub import LiveHub
from services.identity import NEVER, Identity
from services.listeners import tell
from services.schemas import Alert, AlertType
from services.supervision import Supervisor
from services.user_states import UserState

log = logging.getLogger(__name__)

WARNING = timedelta(seconds=60)
"""How long before the end of its token a client is told to get a new one."""

LONGEST = 2.5
"""Seconds between two looks at who may stay, however slow the beat is: what they look at may be as old."""

EXPIRED: dict[str, object] = {'code': 'token_expired', 'message': 'The token has expired. Get a new one.'}


class _Doubtful(NamedTuple):
    """A connection that may have to end, with what is known as the check begins."""

    connection: Connection
    identity: Identity
    state: UserState | None
    """Of its user; ``None``: there is none, or nobody looked yet."""


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
        self._deadlines = Deadlines(connections, self._due, clock=clock)
        self._checked: int | None = None
        """The changes of access after which everybody was checked."""
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
        """End what may go on no longer: who is in doubt is looked at, by one query of each kind."""
        changes = self._hub.access_changes
        if changes == self._checked:
            await self._check([each for each in self._connections if each.approved is not each.identity])
        else:
            await self._check(self._connections)
            self._checked = changes

    async def check_user(self, user_id: int) -> None:
        """The same of one user, as soon as there is a reason."""
        await self._check(self._connections.of(user_id))

    async def _check(self, connections: Iterable[Connection]) -> None:
        self._deadlines.look()
        doubtful = self._doubtful(connections)
        living = await self._auth.living_sessions({name for each in doubtful if (name := each.identity.session_hash)})
        states = {state.user_id: state for each in doubtful if (state := each.state) and state.access_revision}
        credentials = await self._auth.credentials.of_many(states.values())
        for connection, identity, state in doubtful:
            # what was shown meanwhile was checked meanwhile, and may not be in what was read here
            if self._connections.get(connection.sid) is not connection or connection.identity is not identity:
                continue
            if not self._may_stay(identity, living, credentials):
                self.end(connection, InvalidToken().payload())
            elif state and identity.session_hash is None:
                connection.approved, connection.approved_in = identity, state

    def _doubtful(self, connections: Iterable[Connection]) -> list[_Doubtful]:
        """Those who have just come, have a browser session, or whose user is not as when they were approved."""
        doubtful, seen_of = [], self._hub.seen
        for connection in connections:
            identity = connection.identity
            seen = seen_of(identity.user_id)
            state, known = seen.state if seen else None, connection.approved_in
            if known and state and connection.approved is identity:
                if state is known:
                    continue
                if _same_access(state, known):
                    connection.approved_in = state  # the next time it is known at a glance
                    continue
            doubtful.append(_Doubtful(connection, identity, state))
        return doubtful

    def schedule(self, connection: Connection) -> None:
        """Warn the client before its token expires, and end the connection then; a renewed token counts from anew."""
        if self._connections.get(connection.sid) is connection:  # else it ended while the new token was checked
            expires_at = connection.identity.expires_at
            self._deadlines.set(connection, None if expires_at == NEVER else expires_at - WARNING)

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
        try:
            if problem:
                self._emitter.tell(connection, 'error', problem)
        finally:
            self._connections.remove(connection.sid)
            self._supervisor.spawn(f'end of {connection.sid[:4]}', self._emitter.end(connection.sid))

    def _due(self, connection: Connection, now: datetime) -> None:
        expires_at = connection.identity.expires_at
        if expires_at <= now:
            self.expire(connection)
        else:
            self._deadlines.set(connection, expires_at)
            self.warn(connection)

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


def _same_access(one: UserState, other: UserState) -> bool:
    """Whether nothing was disabled, changed or revoked in between: of a user's state all else is of no account here."""
    return (
        one.access_revision == other.access_revision
        and one.token_version == other.token_version
        and one.disabled == other.disabled
    )


async def _repeat(check: Callable[[], Awaitable[None]], *, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due = max(due + seconds, loop.time())  # a slow one is no reason to wait longer for the next
        await asyncio.sleep(due - loop.time())
        await tell(check())
