"""SocketService: the public live protocol, what clients ask for and what they are answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.access_watch import AccessWatch
from services.actions import Action, parse_action
from services.arrivals import Arrivals
from services.auth import Auth
from services.board_messages import BoardMessages
from services.broadcasts import Broadcasts
from services.connections import Connection, Connections, Updates
from services.emitter import Emitter
from services.errors import ChurnboardError, InvalidRequest, InvalidToken, Unavailable
from services.hub import LiveHub
from services.identity import Identity, KeyScope
from services.socket_server import SocketServer, refusal_of

log = logging.getLogger(__name__)


class SocketService:
    """Serves signed-in clients their own board. Nobody gets data before the token is verified."""

    def __init__(
        self,
        server: SocketServer,
        *,
        auth: Auth,
        hub: LiveHub,
        broadcasts: Broadcasts,
        arrivals: Arrivals,
        access: AccessWatch,
        messages: BoardMessages,
        connections: Connections,
        emitter: Emitter,
        actions: Mapping[str, Action],
    ) -> None:
        self.connections = connections
        self._server = server
        self._auth = auth
        self._hub = hub
        self._broadcasts = broadcasts
        self._arrivals = arrivals
        self._access = access
        self._messages = messages
        self._emitter = emitter
        self._actions = actions
        server.on('connect', self.handle_connect)
        server.on('disconnect', self.handle_disconnect)
        server.on('authenticate', self.handle_authenticate)
        server.on('request_dashboard_data', self.handle_request_dashboard_data)
        server.on('user_action', self.handle_user_action)
        server.on('*', self.handle_unknown)

    def start_data_broadcast(self) -> None:
        """From now on send what the hub learns: updates at each beat, arrivals and alerts at once."""
        self._hub.on_beat(self._arrivals.beat)
        self._hub.on_beat(self._broadcasts.beat)
        self._hub.on_change(self._arrivals.note)
        self._hub.on_alert(self._broadcasts.alert)

    async def authenticate_user(self, token: object) -> Identity:
        """Whose token or API key this is; raises ``InvalidToken``, and ``Forbidden`` for a key that may not read."""
        identity = await self._auth.authenticate_user(token)
        identity.require(KeyScope.READ)
        return identity

    async def handle_connect(self, sid: str, _environ: dict[str, Any], auth: object = None) -> None:
        """The namespace is connected already: say ``connected``, then serve or close."""
        engine_id = self._server.engine_id(sid) or ''
        self._server.checking.add(engine_id)
        try:
            updates = _updates(auth)
            identity = await self.authenticate_user(_token(auth))
            self._check_room(identity.user_id)
        except ChurnboardError as error:
            await self._refuse(sid, error)
        except Exception:
            log.exception('A token could not be checked')
            await self._refuse(sid, Unavailable('The server cannot check the token now.', retry_after=5))
        else:
            await self._admit(sid, engine_id, identity, updates)
        finally:
            self._server.checking.discard(engine_id)

    async def handle_disconnect(self, sid: str, _reason: str = '') -> None:
        self.connections.remove(sid)

    async def handle_authenticate(self, sid: str, message: object = None, *more: object) -> object:
        """A new token of the same user takes the place of the present one; an acknowledgement gets the answer, too."""

        async def answer(connection: Connection) -> dict[str, object]:
            if not isinstance(message, dict) or set(message) != {'token'} or more:
                raise InvalidRequest('Send {"token": "..."}.', field='token')
            identity = await self.authenticate_user(message['token'])
            if identity.user_id != connection.identity.user_id:
                raise InvalidToken
            connection.identity = identity
            self._access.schedule(connection)
            welcome = _welcome(identity)
            self._emitter.tell(connection, 'connected', welcome)
            return welcome

        return await self._guarded(sid, answer)

    async def handle_request_dashboard_data(self, sid: str, data: object = None, *more: object) -> object:
        """Answers with ``dashboard_update`` or, ``since`` a message of this connection, with ``dashboard_changes``."""

        async def answer(connection: Connection) -> None:
            since = _since(data, *more)
            snapshot = await self._broadcasts.snapshot(connection)
            changes = self._messages.since(connection, snapshot, *since) if since else None
            if changes:
                self._emitter.send(connection, 'dashboard_changes', changes)
            else:
                self._emitter.send(connection, 'dashboard_update', self._messages.update(connection, snapshot))

        return await self._guarded(sid, answer)

    async def handle_user_action(self, sid: str, message: object = None, *more: object) -> object:
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

    async def handle_unknown(self, event: str, sid: str, *_data: object) -> object:
        """An event that there is not."""

        async def answer(_connection: Connection) -> None:
            known = 'request_dashboard_data, user_action, authenticate'
            raise InvalidRequest(f'There is no event "{event[:40]}". Known events: {known}.', field='event')

        return await self._guarded(sid, answer)

    async def shut_down(self, *, retry_after: float) -> None:
        """Tell all clients that the server is about to stop, and after how many seconds to come back."""
        for connection in self.connections:
            self._emitter.tell(connection, 'server_shutdown', {'retry_after': retry_after})

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
        snapshot = await self._broadcasts.snapshot(connection)
        message = self._messages.update(connection, snapshot, action=action)
        self._emitter.send(connection, 'dashboard_update', message)

    async def _admit(self, sid: str, engine_id: str, identity: Identity, updates: Updates) -> None:
        socket = self._server.socket(engine_id)
        if socket is None or socket.closed:
            return  # gone while its token was checked
        connection = Connection(
            sid=sid, socket=socket, identity=identity, watch=self._hub.watch(identity.user_id), updates=updates
        )
        self.connections.add(connection)
        self._server.admit(engine_id)
        self._access.schedule(connection)
        self._emitter.tell(connection, 'connected', _welcome(identity))
        await self._guarded(sid, self._send_update)

    def _check_room(self, user_id: int) -> None:
        """:raises RateLimited: the user has as many connections as one may have."""
        refusal = self._server.limits.user_refusal(len(self.connections.of(user_id)))
        if refusal:
            raise refusal

    async def _refuse(self, sid: str, error: ChurnboardError) -> None:
        await self._emitter.answer(sid, 'connected', refusal_of(error))
        await self._emitter.end(sid)


def _token(auth: object) -> object:
    return auth.get('token') if isinstance(auth, dict) else None


def _updates(auth: object) -> Updates:
    """What the client wants to be sent; raises ``InvalidRequest``."""
    wanted = auth.get('updates', Updates.FULL) if isinstance(auth, dict) else Updates.FULL
    if isinstance(wanted, str) and wanted in set(Updates):
        return Updates(wanted)
    raise InvalidRequest(f'There is no such kind of updates. Known kinds: {", ".join(Updates)}.', field='updates')


def _since(data: object, *more: object) -> tuple[str, int] | None:
    """The message a client has, in ``{"since": [epoch, seq]}``; raises ``InvalidRequest``."""
    if data in (None, {}) and not more:
        return None
    if not isinstance(data, dict) or more:
        raise InvalidRequest('This request takes one object, empty or {"since": [epoch, seq]}.', field='data')
    match data:
        case {'since': [str(epoch), int(seq)]} if len(data) == 1 and not isinstance(seq, bool):
            return epoch, seq
    raise InvalidRequest('Write {"since": [epoch, seq]}, or an empty object.', field='since')


def _welcome(identity: Identity) -> dict[str, object]:
    return {'status': 'success', 'message': f'Signed in as {identity.email}.'}
