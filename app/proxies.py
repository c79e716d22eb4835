"""Headers that say what a proxy saw: believed from trusted proxies, removed from everybody else's requests."""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


class TrustedProxies:
    """Takes the place of uvicorn's ``proxy_headers``, which leaves ``X-Forwarded-Prefix`` to whoever sends it."""

    def __init__(self, app: ASGIApp, trusted: Collection[str]) -> None:
        self._app = app
        self._believing = ProxyHeadersMiddleware(app, trusted_hosts=list(trusted))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get('client')
        if client and client[0] in self._believing.trusted_hosts:
            await self._believing(scope, receive, send)  # type: ignore[arg-type]
            return
        headers = [(name, value) for name, value in scope['headers'] if not _is_forwarded(name)]
        await self._app({**scope, 'headers': headers}, receive, send)


def _is_forwarded(name: bytes) -> bool:
    return name.lower() == b'forwarded' or name.lower().startswith(b'x-forwarded-')
