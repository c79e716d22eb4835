"""The cookie a browser session is known by."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

COOKIE = 'churnboard_session'


def set_session_cookie(response: Response, request: Request, value: str, *, seconds: int) -> None:
    """Set it or, with no value and no time, delete it; attributes must be the same for both."""
    secure = request.url.scheme == 'https'
    response.set_cookie(COOKIE, value, max_age=seconds, path='/', secure=secure, httponly=True, samesite='lax')
