"""``POST /api/auth/token``: a token for a password, in OAuth2's own shape."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.security import OAuth2PasswordRequestForm

from app.api.openapi import described
from services.auth import Auth, IssuedToken

FAILS = ('invalid_request', 'invalid_credentials', 'too_large', 'unavailable')
EXAMPLE = {
    'access_token': 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln',
    'token_type': 'bearer',
    'expires_in': 3600,
}


def create_router(auth: Auth) -> APIRouter:
    router = APIRouter(prefix='/api/auth', tags=['sign-in'])

    @router.post('/token', **described('Get a token', fails=FAILS, example=EXAMPLE))
    async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()], response: Response) -> IssuedToken:
        """Exchange e-mail (as `username`) and password for a token that opens REST and Socket.IO."""
        identity = await auth.sign_in(form.username, form.password)
        response.headers['Cache-Control'] = 'no-store'
        return auth.issue_token(identity)

    return router
