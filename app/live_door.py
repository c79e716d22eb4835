"""The way of live WebSockets, past all that serves pages and REST: each holds whatever it passed while it lasts."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from app.proxies import TrustedProxies
from app.settings import Settings

PATHS = ('/socket.io/', '/socket.io')


class LiveDoor:
    """An ASGI application in front of another; who may come in is decided behind either."""

    def __init__(self, app: ASGIApp, live: ASGIApp, *, settings: Settings) -> None:
        """:param live: takes the WebSockets at ``/socket.io``."""
        self._app = app
        self._live = TrustedProxies(live, settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_live = scope['type'] == 'websocket' and scope['path'] in PATHS
        await (self._live if is_live else self._app)(scope, receive, send)
