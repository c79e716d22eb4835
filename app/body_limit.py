"""How large a request's body may be: counted while it arrives, so that nobody is asked to hold it first."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.errors import TooLarge

STREAMS = '/socket.io'
"""Has a limit of its own."""


class BodyLimit:
    """A pure ASGI middleware that answers 413 to more.

    :param limits: bytes by path; ``None`` where whoever reads the body counts them.
    :param otherwise: bytes for all other paths.
    """

    def __init__(self, app: ASGIApp, *, limits: Mapping[str, int | None], otherwise: int) -> None:
        self._app = app
        self._limits = limits
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = None
        if scope['type'] == 'http' and not scope['path'].startswith(STREAMS):
            limit = self._limits.get(scope['path'], self._otherwise)
        if limit is None:
            await self._app(scope, receive, send)
            return
        received = 0
        started = False

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get('body', b''))
            if received > limit:
                raise TooLarge(f'The body is larger than {limit:,} bytes.')
            return message

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counting, noting)
        except TooLarge as error:
            if started:
                raise
            await JSONResponse({'success': False, 'error': error.payload()}, 413)(scope, receive, send)
