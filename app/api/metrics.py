"""``GET /metrics`` for Prometheus: how much, how often, how late; for whoever has the token of the setting."""

import asyncio
import secrets

from fastapi import APIRouter, Request, Response

from services.counters import Counters
from services.errors import InvalidToken, NotFound
from services.hub import LiveHub
from services.loop_lag import LoopLag
from services.socket_server import SocketServer

KIND = 'text/plain; version=0.0.4; charset=utf-8'


def create_router(counters: Counters, lag: LoopLag, sockets: SocketServer, hub: LiveHub, *, token: str) -> APIRouter:
    """:param token: empty: there is no such page."""
    router = APIRouter(include_in_schema=False)

    @router.get('/metrics')
    async def metrics(request: Request) -> Response:
        if not token:
            raise NotFound('There is no /metrics here: set CHURNBOARD_METRICS_TOKEN to have it.')
        given = request.headers.get('authorization', '')
        if not secrets.compare_digest(given.encode('latin-1'), f'Bearer {token}'.encode()):
            raise InvalidToken
        counters.show('connections', 'Socket.IO connections that are open.', len(sockets.limits))
        counters.show('unauthenticated', 'Of them, those without a valid token.', sockets.limits.unauthenticated)
        counters.show(
            'engines', 'Transports that are kept, closed ones that wait to be collected too.', len(sockets.eio.sockets)
        )
        counters.show('namespace_members', 'Connections in the Socket.IO namespace.', sockets.members)
        counters.show('watched_users', 'Users whose board somebody looks at.', len(hub.watched()))
        counters.show('tasks', 'Tasks of the event loop.', len(asyncio.all_tasks()))
        for quantile, seconds in lag.quantiles().items():
            counters.show_lag(quantile, seconds)
        return Response(counters.text(), media_type=KIND)

    return router
