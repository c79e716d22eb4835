"""SocketService: the public live protocol, what clients ask for and what they are answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from services.actions import Action, parse_action
from services.auth import Auth
from services.broadcasts import Broadcasts
from services.clock import Clock
from services.connections import Connection, Connections
from services.emitter import Emitter, user_room
from services.errors import ChurnboardError, InvalidRequest, Unavailable
from services.hub import LiveHub
from services.identity import Identity
from services.socket_server import SocketServer
from services.supervision import Supervisor

log = logging.getLogger(__name__)

EXPIRY_WARNING_SECONDS = 60.0


class SocketService:
    """Serves signed-in clients their own board. Nobody is in a room, or gets data, before the token is verified."""

    def __init__(
        self,
        server: SocketServer,
        *,
        auth: Auth,
        hub: LiveHub,
        broadcasts: Broadcasts,
        connections: Connections,
        emitter: Emitter,
        actions: Mapping[str, Action],
        supervisor: Supervisor,
        clock: Clock,
    ) -> None:
        self.connections = connections
        self._server = server
        self._auth = auth
        self._hub = hub
        self._broadcasts = broadcasts
        self._emitter = emitter
        self._actions = actions
        self._supervisor = supervisor
        self._clock = clock
        server.on('connect', self.handle_connect)
        server.on('disconnect', self.handle_disconnect)
        server.on('request_dashboard_data', self.handle_request_dashboard_data)
        server.on('user_action', self.handle_user_action)

    def start_data_broadcast(self) -> None:
        """From now on send what the hub learns: updates at each beat, arrivals and alerts at once."""
        self._broadcasts.start()

    async def authenticate_user(self, token: object) -> Identity:
        """Whose token this is; raises ``InvalidToken``, whatever is wrong with it."""
        return await self._auth.authenticate_user(token)

    async def get_user_dashboard_data(self, connection: Connection) -> dict[str, Any]:
        """What the connection's query answers now, as ``dashboard_update`` carries it."""
        return await self._broadcasts.update(connection)

    async def handle_connect(self, sid: str, _environ: dict[str, Any], auth: object = None) -> None:
        """The namespace is connected already: say ``connected``, then serve or close."""
        engine_id = self._server.engine_id(sid) or ''
        self._server.checking.add(engine_id)
        try:
            identity = await self.authenticate_user(_token(auth))
        except ChurnboardError as error:
            await self._refuse(sid, error)
        except Exception:
            log.exception('A token could not be checked')
            await self._refuse(sid, Unavailable('The server cannot check the token now.', retry_after=5))
        else:
            await self._admit(sid, identity)
        finally:
            self._server.checking.discard(engine_id)

    async def handle_disconnect(self, sid: str, _reason: str = '') -> None:
        self.connections.remove(sid)

    async def handle_request_dashboard_data(self, sid: str, data: object = None, *more: object) -> None:
        """Answers with ``dashboard_update`` to this connection."""

        async def answer(connection: Connection) -> None:
            if data not in (None, {}) or more:
                raise InvalidRequest('This request takes an empty object.', field='data')
            await self._send_update(connection)

        await self._guarded(sid, answer)

    async def handle_user_action(self, sid: str, message: object = None, *more: object) -> dict[str, object] | None:
        """Answers with a ``dashboard_update`` that carries ``action``; an acknowledgement gets the same object."""

        async def answer(connection: Connection) -> dict[str, object]:
            if more:
                raise InvalidRequest('An action is one object.', field='action')
            name, data = parse_action(message)
            action = self._actions.get(name)
            if action is None:
                raise InvalidRequest(f'Unknown action. Known actions: {", ".join(self._actions)}.', field='action')
            before = connection.query
            outcome = {'name': name, 'status': 'ok', **await action(connection, data)}
            try:
                await self._send_update(connection, action=outcome)
            except ChurnboardError:
                connection.query = before  # as the error says: nothing was changed
                raise
            return outcome

        return await self._guarded(sid, answer)

    async def shut_down(self, *, retry_after: float) -> None:
        """Tell all clients that the server is about to stop, and after how many seconds to come back."""
        for user_id in {connection.identity.user_id for connection in self.connections}:
            await self._emitter.push(user_id, 'server_shutdown', {'retry_after': retry_after})

    async def _guarded(
        self, sid: str, answer: Callable[[Connection], Awaitable[dict[str, object] | None]]
    ) -> dict[str, object] | None:
        """Run a handler: what goes wrong becomes an ``error`` event and the acknowledgement, never a trace."""
        connection = self.connections.get(sid)
        if connection is None:
            return None
        try:
            return await answer(connection)
        except ChurnboardError as error:
            problem = error.payload()
        except Exception:
            log.exception('A request of user %s failed', connection.identity.user_id)
            problem = Unavailable('Something went wrong here. Nothing was changed.').payload()
        await self._emitter.answer(sid, 'error', problem)
        return problem

    async def _send_update(self, connection: Connection, *, action: dict[str, object] | None = None) -> None:
        payload = await self.get_user_dashboard_data(connection)
        if action:
            payload['action'] = action
        await self._emitter.answer(connection.sid, 'dashboard_update', payload)

    async def _admit(self, sid: str, identity: Identity) -> None:
        engine_id = self._server.engine_id(sid)
        if engine_id is None:
            return  # gone while its token was checked
        connection = Connection(sid=sid, identity=identity, watch=self._hub.watch(identity.user_id))
        self.connections.add(connection)
        self._server.authenticated.add(engine_id)
        await self._server.enter_room(sid, user_room(identity.user_id))
        self._schedule_expiry(connection)
        await self._emitter.answer(
            sid, 'connected', {'status': 'success', 'message': f'Signed in as {identity.email}.'}
        )
        await self._guarded(sid, self._send_update)

    async def _refuse(self, sid: str, error: ChurnboardError) -> None:
        await self._emitter.answer(sid, 'connected', {'status': 'error', 'message': error.message})
        await self._emitter.end(sid)

    def _schedule_expiry(self, connection: Connection) -> None:
        """A connection lives no longer than its token; its client is warned in time to get a new one."""
        left = (connection.identity.expires_at - self._clock()).total_seconds()
        for seconds, tell in ((left - EXPIRY_WARNING_SECONDS, self._broadcasts.warn), (left, self._broadcasts.expire)):
            start = partial(self._start, f'expiry of {connection.sid[:4]}', tell, connection)
            connection.timers.append(asyncio.get_running_loop().call_later(max(0.0, seconds), start))

    def _start(self, name: str, tell: Callable[[Connection], Awaitable[None]], connection: Connection) -> None:
        self._supervisor.spawn(name, tell(connection))


def _token(auth: object) -> object:
    """The token of ``{token, updates?}``.

    :raises InvalidRequest: another kind of updates than the one we have is asked for.
    """
    if not isinstance(auth, dict):
        return None
    if auth.get('updates', 'full') != 'full':
        raise InvalidRequest('Only full updates are known.', field='updates')
    return auth.get('token')
