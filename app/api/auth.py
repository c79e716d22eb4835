"""``/api/auth``: a token for a password, in OAuth2's own shape; another one in its place; and its end."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import OAuth2PasswordRequestForm

from app.api.identity import bearer, current_identity, documented_token
from app.api.json_body import json_object
from app.api.openapi import CHANGING, described, json_body
from app.client_address import client_address
from services.api_keys import is_key
from services.auth import Auth, IssuedToken
from services.credential_schemas import NothingData, RevokeAsk
from services.errors import InvalidRequest, InvalidToken
from services.identity import Identity

NO_STORE = {'Cache-Control': 'no-store'}

FAILS = ('invalid_request', 'invalid_credentials', 'too_large', 'rate_limited', 'unavailable')
ISSUED = {
    'access_token': 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln',
    'token_type': 'bearer',
    'expires_in': 3600,
}


def create_router(auth: Auth) -> APIRouter:
    router = APIRouter(prefix='/api/auth', tags=['sign-in'])
    identity = current_identity(auth)
    Caller = Annotated[Identity, Depends(identity)]

    @router.post('/token', **described('Get a token', fails=FAILS, example=ISSUED))
    async def token(
        form: Annotated[OAuth2PasswordRequestForm, Depends()], request: Request, response: Response
    ) -> IssuedToken:
        """Exchange e-mail (as `username`) and password for a token that opens REST and Socket.IO."""
        caller = await auth.sign_in(form.username, form.password, address=client_address(request))
        response.headers.update(NO_STORE)
        return auth.issue_token(caller)

    @router.post('/renew', **described('Renew a token', fails=CHANGING, example=ISSUED))
    async def renew(caller: Caller, response: Response) -> IssuedToken:
        """Exchange a token that is still valid for a new one, until the sign-in is older than a browser session gets.

        The old one stays valid until its own end; to revoke either ends both.
        """
        response.headers.update(NO_STORE)
        return await auth.renew(caller)

    @router.post(
        '/revoke',
        dependencies=[Depends(documented_token)],
        **described(
            'Revoke a token',
            NothingData,
            fails=(*CHANGING, 'rate_limited'),
            body=json_body(RevokeAsk, {'token': ISSUED['access_token']}, required=False),
        ),
    )
    async def revoke(request: Request) -> JSONResponse:
        """End a token before its time: the one that is shown, or with ``{"token": "..."}`` another one of yours.

        With it ends every token it was renewed from, and every one that was renewed from it, also where it has expired
        itself. What is no token is as good as revoked (RFC 7009, 2.2).
        """
        body = await json_object(request, 'token', such_as='{"token": "..."}')
        shown = bearer(request)
        try:
            caller = await identity(request, None)
        except InvalidToken:
            if body or shown is None:
                raise
            await auth.revoke_token(None, shown)  # it may have expired, and live on in what was renewed from it
        else:
            await auth.revoke_token(caller.user_id, _named(body) if body else _own(shown))
        return JSONResponse({'success': True, 'data': {}}, headers=NO_STORE)

    return router


def _named(body: dict[str, object]) -> str:
    token = body['token']
    if is_key(token):
        raise InvalidRequest('This is an API key: DELETE /api/keys/{id} revokes it.', field='token')
    if not isinstance(token, str):
        raise InvalidRequest('The text of a token is needed.', field='token')
    return token


def _own(shown: str | None) -> str:
    if shown is None:  # a page, by its cookie
        raise InvalidRequest('Say which token: {"token": "..."}.', field='token')
    return shown
