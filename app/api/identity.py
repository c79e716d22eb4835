"""Who sends a REST request: a token, an API key, or one of our own pages by its session cookie."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from app.security import IDENTITY, SAME_ORIGIN
from services.auth import Auth, Identity
from services.errors import Forbidden, InvalidRequest, InvalidToken
from services.identity import KeyScope

READING = ('GET', 'HEAD')

# For the API's documentation alone: it shows the sign-in button, and reading the header stays ours.
documented_token = OAuth2PasswordBearer(tokenUrl='/api/auth/token', auto_error=False)


def current_identity(auth: Auth, *scopes: KeyScope) -> Callable[..., Awaitable[Identity]]:
    """A dependency that answers with the ``Identity`` of the request.

    It raises ``InvalidToken`` where there is none, ``Forbidden`` for another site's use of a cookie and
    ``InvalidRequest`` for two Authorization headers.

    :param scopes: those of the API keys that may do this; without, none may.
    """

    async def identity(request: Request, _: Annotated[str | None, Depends(documented_token)]) -> Identity:
        token = bearer(request)
        if token is None:
            return _of_cookie(request)
        found = await auth.authenticate_user(token)
        found.require(*scopes)
        return found

    return identity


def bearer(request: Request) -> str | None:
    """The token or API key that the request shows, whatever it is worth.

    :raises InvalidRequest: two Authorization headers.
    """
    values = request.headers.getlist('authorization')
    if len(values) > 1:
        raise InvalidRequest('Send one Authorization header.', field='Authorization')
    scheme, _space, token = values[0].partition(' ') if values else ('', '', '')
    return token if scheme.lower() == 'bearer' else None


def _of_cookie(request: Request) -> Identity:
    identity = request.scope.get(IDENTITY)
    if not isinstance(identity, Identity):
        raise InvalidToken
    if request.method not in READING and request.scope.get(SAME_ORIGIN) is not True:
        raise Forbidden('A change by session cookie is only taken from a page of this server.')
    return identity
