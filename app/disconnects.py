"""Clients that go before their answer has begun: everyday life, and no failure."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

NO_RESPONSE = 'No response returned.'
"""What Starlette's ``BaseHTTPMiddleware``, which NiceGUI uses, raises then: uvicorn would print pages of traces."""
NO_REQUEST = 'REQUEST_METHOD'
"""What Engine.IO, under NiceGUI's socket, misses when a poll was given up before its body came."""


class QuietDisconnects:
    """A pure ASGI middleware around NiceGUI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return
        gone = False

        async def noting() -> Message:
            nonlocal gone
            message = await receive()
            gone = gone or message['type'] == 'http.disconnect'
            return message

        try:
            await self._app(scope, noting, send)
        except (RuntimeError, KeyError) as error:
            if not gone or error.args not in ((NO_RESPONSE,), (NO_REQUEST,)):
                raise
            log.debug('A client went before it was answered')
