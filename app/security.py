"""The gate before everything: who may come in is decided before NiceGUI builds a page for them."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from app.origins import is_same_origin, safe_target
from app.proxies import TrustedProxies
from app.session_cookie import COOKIE
from app.settings import Settings
from services.auth import Auth
from services.errors import Unavailable

IDENTITY = 'churnboard.identity'
"""Where the gate leaves the ``Identity`` behind a valid session cookie, or ``None``."""
SAME_ORIGIN = 'churnboard.same_origin'

OPEN_PATHS = ('/login', '/logout', '/healthz', '/readyz', '/favicon.ico')
OPEN_FOLDERS = ('/api', '/socket.io', '/assets')
PAGE_SOCKET = '/_nicegui_ws'
PAGE_FILES = '/_nicegui'
HEADERS = {'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'same-origin', 'X-Frame-Options': 'DENY'}

WS_FORBIDDEN = 4403
WS_TRY_LATER = 1013


class SignInGate:
    """A pure ASGI middleware; put it outermost.

    :param pages: the paths of the pages, as in ``('/', '/uploads', '/customers/*')``.
    :param also_open: further paths that decide for themselves who may read them, such as ``/metrics``.
    """

    def __init__(
        self, app: ASGIApp, *, auth: Auth, settings: Settings, pages: Collection[str], also_open: Collection[str] = ()
    ) -> None:
        self._app = app
        self._auth = auth
        self._origins = settings.public_origins
        self._pages = frozenset(pages)
        self._page_folders = tuple(page.removesuffix('*') for page in pages if page.endswith('/*'))
        self._open = frozenset((*OPEN_PATHS, *also_open))
        self._entry = TrustedProxies(self._guard, settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] == 'lifespan':
            await self._app(scope, receive, send)
        else:
            await self._entry(scope, receive, send)

    async def _guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[SAME_ORIGIN] = is_same_origin(scope, self._origins)
        scope[IDENTITY] = None
        send = _with_headers(send, private=self._is_page(scope['path']) or scope['path'] == '/login')
        try:
            refusal = await self._refusal(scope)
        except Unavailable as error:
            refusal = _unavailable(scope['path'], error)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope['type'] == 'websocket':
            code = WS_TRY_LATER if refusal.status_code == 503 else WS_FORBIDDEN
            await WebSocketClose(code)(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        """What to answer instead of the page, if anything; leaves the identity in the scope.

        :raises Unavailable: the database does not answer.
        """
        path = scope['path']
        if path in self._open or _is_in(path, OPEN_FOLDERS):
            await self._identify(scope, needed=path == '/login' or _is_in(path, ('/api',)))
            return None
        if _is_in(path, (PAGE_SOCKET, PAGE_FILES)):
            # The files too: NiceGUI answers an unknown one with a page, which it then keeps for a minute.
            allowed = scope[SAME_ORIGIN] or _is_in(path, (PAGE_FILES,))
            await self._identify(scope, needed=allowed)
            return None if scope[IDENTITY] else PlainTextResponse('Sign in first.', 403)
        if not self._is_page(path):
            return PlainTextResponse('There is no such page.', 404)
        await self._identify(scope)
        return None if scope[IDENTITY] else RedirectResponse(_login_url(scope), 303)

    async def _identify(self, scope: Scope, *, needed: bool = True) -> None:
        connection = HTTPConnection(scope)
        # Who shows a token is who the token says: the cookie has no part in that request.
        if needed and not connection.headers.get('authorization', '').lower().startswith('bearer '):
            scope[IDENTITY] = await self._auth.session(connection.cookies.get(COOKIE))

    def _is_page(self, path: str) -> bool:
        return path in self._pages or any(path.startswith(folder) and path != folder for folder in self._page_folders)


def _is_in(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f'{folder}/') for folder in folders)


def _login_url(scope: Scope) -> str:
    query = scope['query_string'].decode('latin-1')
    # as it was asked for, where that is known: a quoted slash in a customer's id is no slash of the address
    path = scope['raw_path'].decode('latin-1') if scope.get('raw_path') else quote(scope['path'], safe='/')
    target = safe_target(path + (f'?{query}' if query else ''))
    return '/login' if target == '/' else f'/login?next={quote(target, safe="/")}'


def _unavailable(path: str, error: Unavailable) -> Response:
    headers = {'Retry-After': f'{error.retry_after or 5:.0f}'}
    if _is_in(path, ('/api',)):
        return JSONResponse({'success': False, 'error': error.payload()}, 503, headers)
    return PlainTextResponse('Churnboard cannot reach its database at the moment. Try again shortly.', 503, headers)


def _with_headers(send: Send, *, private: bool) -> Send:
    async def sending(message: Message) -> None:
        if message['type'] == 'http.response.start':
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            if private:
                headers['Cache-Control'] = 'no-store'
        await send(message)

    return sending
