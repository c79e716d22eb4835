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


SECURITY = [{documented_token.scheme_name: list[str]()}]
"""How the document says that a route asks who the caller is, where no dependency of it does."""


def current_identity(auth: Auth, *scopes: KeyScope) -> Callable[..., Awaitable[Identity]]:
    """A dependency that answers with the ``Identity`` of the request; raises as :func:`identity_of`."""

    async def identity(request: Request, _: Annotated[str | None, Depends(documented_token)]) -> Identity:
        return await identity_of(request, auth, *scopes)

    return identity


async def identity_of(request: Request, auth: Auth, *scopes: KeyScope) -> Identity:
    """Who sends the request.

    :param scopes: those of the API keys that may do this; without, none may.
    :raises InvalidToken: nobody who is known.
    :raises Forbidden: another site's use of a cookie, or a key of another scope.
    :raises InvalidRequest: two Authorization headers.
    """
    token = bearer(request)
    if token is None:
        return _of_cookie(request)
    found = await auth.authenticate_user(token)
    found.require(*scopes)
    return found


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
