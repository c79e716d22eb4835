"""``/api/session``: who the page is signed in as, with a token for its own scripts, and staying so."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from app.api.identity import current_identity
from app.api.openapi import CHANGING, READING, described
from app.session_cookie import COOKIE, set_session_cookie
from services.auth import Auth
from services.clock import rfc3339
from services.credential_schemas import BrowserSessionData
from services.errors import Forbidden
from services.identity import Identity, KeyScope
from services.rest_schemas import SessionData
from services.session_life import SessionEnd

NO_STORE = {'Cache-Control': 'no-store'}
NO_SESSION = 'Only a page keeps its browser signed in. A token is renewed by POST /api/auth/renew.'


def create_router(auth: Auth) -> APIRouter:
    router = APIRouter(prefix='/api', tags=['sign-in'])
    Caller = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]
    Person = Annotated[Identity, Depends(current_identity(auth))]

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
        end = auth.session_end(caller)
        if end is not None:
            data['browser_session'] = _public(end)
        return JSONResponse({'success': True, 'data': data}, headers=NO_STORE)

    @router.post('/session', **described('Stay signed in', BrowserSessionData, fails=CHANGING))
    async def stay(request: Request, caller: Person) -> JSONResponse:
        """Let the browser session of a page last as long as a new one, up to its limit; for pages alone.

        At the limit this changes nothing, and `prolongable` says so.
        """
        cookie_id, session_hash = request.cookies.get(COOKIE), caller.session_hash
        if cookie_id is None or session_hash is None or caller.origin_id is not None:
            raise Forbidden(NO_SESSION)
        end = await auth.prolong_session(session_hash)
        answer = JSONResponse({'success': True, 'data': _public(end)}, headers=NO_STORE)
        set_session_cookie(answer, request, cookie_id, seconds=end.seconds_left)
        return answer

    return router


def _public(end: SessionEnd) -> dict[str, object]:
    return {
        'expires_at': rfc3339(end.expires_at),
        'expires_in': end.seconds_left,
        'prolongable': end.prolongable,
    }
