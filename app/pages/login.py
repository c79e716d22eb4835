"""``/login`` and ``/logout``: forms that work before anything else does."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from app.client_address import client_address
from app.origins import safe_target
from app.pages.login_html import POLICY, login_html
from app.security import IDENTITY, SAME_ORIGIN
from app.session_cookie import COOKIE, set_session_cookie
from services.auth import Auth
from services.browser_name import browser_name
from services.errors import ChurnboardError, InvalidCredentials, TooLarge

MAX_FORM_BYTES = 16_384
STATUSES = {'invalid_credentials': 401, 'too_large': 413, 'rate_limited': 429, 'unavailable': 503}
OTHER_METHODS = ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']


def create_router(auth: Auth, on_session_end: Callable[[str], None]) -> APIRouter:
    """The sign-in routes.

    :param on_session_end: told the hash of a session that ended, to close the pages that are open with it.
    """
    router = APIRouter(include_in_schema=False)

    @router.api_route('/login', methods=['GET', 'HEAD'])
    async def form(request: Request) -> Response:
        target = safe_target(request.query_params.get('next'))
        if request.scope.get(IDENTITY) is not None:
            return RedirectResponse(target, 303)
        return _page(target=target)

    @router.post('/login')
    async def sign_in(request: Request) -> Response:
        if request.scope.get(SAME_ORIGIN) is not True:
            return _cross_site()
        fields: dict[str, str] = {}
        try:
            fields = await _fields(request)
            identity = await auth.sign_in(
                fields.get('email', ''), fields.get('password', ''), address=client_address(request)
            )
            browser = browser_name(request.headers.get('user-agent', ''))
            cookie_id = await auth.start_session(identity, browser=browser)
            await end_session(request)  # who signs in again leaves the earlier session, maybe somebody else's
        except ChurnboardError as error:
            return _page(error, email=fields.get('email', ''), target=safe_target(fields.get('next')))
        response = RedirectResponse(safe_target(fields.get('next')), 303)
        seconds = int(auth.session_life.length.total_seconds())
        set_session_cookie(response, request, cookie_id, seconds=seconds)
        return response

    @router.post('/logout')
    async def sign_out(request: Request) -> Response:
        if request.scope.get(SAME_ORIGIN) is not True:
            return _cross_site()
        try:
            await end_session(request)
        except ChurnboardError as error:
            return _page(error)
        response = RedirectResponse('/login', 303)
        set_session_cookie(response, request, '', seconds=0)
        return response

    # Without these, NiceGUI's mount at "/" would take every other method and build a page to refuse it.
    @router.api_route('/login', methods=OTHER_METHODS)
    @router.api_route('/logout', methods=['GET', 'HEAD', *OTHER_METHODS])
    async def not_allowed(request: Request) -> Response:
        allowed = 'POST' if request.url.path == '/logout' else 'GET, HEAD, POST'
        return PlainTextResponse('This method is not allowed here.', 405, {'Allow': allowed})

    async def end_session(request: Request) -> None:
        ended = await auth.end_session(request.cookies.get(COOKIE))
        if ended is not None:
            on_session_end(ended)

    return router


async def _fields(request: Request) -> dict[str, str]:
    """The form's fields, read here because nobody knows yet who sends them: the size is bounded while reading."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise TooLarge('That is more than a sign-in form holds.')
    try:
        return dict(parse_qsl(body.decode(errors='replace'), keep_blank_values=True, max_num_fields=10))
    except ValueError:
        raise InvalidCredentials('The sign-in form could not be read. Try again.') from None


def _page(error: ChurnboardError | None = None, *, email: str = '', target: str = '/') -> Response:
    headers = {'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store'}
    if error is None:
        return HTMLResponse(login_html(email=email, target=target), headers=headers)
    if error.retry_after is not None:
        headers['Retry-After'] = f'{error.retry_after:.0f}'
    page = login_html(email=email, error=error.message, target=target)
    return HTMLResponse(page, STATUSES.get(error.code, 400), headers)


def _cross_site() -> Response:
    return PlainTextResponse('This form was sent from another site. Open the sign-in page and try there.', 403)
