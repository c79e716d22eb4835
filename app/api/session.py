"""``GET /api/session``: who the page is signed in as, and a token for its own scripts."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from app.api.identity import current_identity
from app.api.openapi import READING, described
from services.auth import Auth
from services.clock import rfc3339
from services.identity import Identity, KeyScope
from services.rest_schemas import SessionData


def create_router(auth: Auth) -> APIRouter:
    router = APIRouter(prefix='/api', tags=['sign-in'])
    Caller = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]

    @router.get('/session', **described('Who is signed in', SessionData, fails=READING))
    async def session(caller: Caller) -> JSONResponse:
        """The signed-in user; the token ends with the browser session it was issued for. An API key gets none."""
        data: dict[str, object] = {
            'user_id': caller.user_id,
            'email': caller.email,
            'name': caller.name,
            'time_zone': caller.time_zone,
        }
        if caller.scope is None:
            token = auth.issue_token(caller)
            data['expires_at'] = rfc3339(caller.expires_at)
            data |= {'access_token': token.access_token, 'expires_in': token.expires_in}
        return JSONResponse({'success': True, 'data': data}, headers={'Cache-Control': 'no-store'})

    return router
