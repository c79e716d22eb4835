"""The live protocol's description, for programs (``/api/asyncapi.json``) and for people (``/api/asyncapi``)."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.api.document_page import document_page
from app.api.identity import current_identity
from app.public_address import public_origin
from app.security import IDENTITY
from services.asyncapi import asyncapi
from services.auth import Auth
from services.identity import KeyScope

PAGE = '/api/asyncapi'
# another address makes another document, and who may read it depends on the token or cookie
HEADERS = {'Cache-Control': 'private, no-cache', 'Vary': 'Host, Authorization, Cookie'}


def create_router(auth: Auth, *, public_origins: Sequence[str]) -> APIRouter:
    """For whoever is signed in, by token or in the browser; a browser that is not is sent to sign in."""
    identity = current_identity(auth, KeyScope.READ)
    router = APIRouter(include_in_schema=False)

    @router.get(f'{PAGE}.json', dependencies=[Depends(identity)])
    async def document(request: Request) -> JSONResponse:
        """The AsyncAPI document of the live protocol."""
        return JSONResponse(asyncapi(public_origin(request.scope, public_origins)), headers=HEADERS)

    @router.get(PAGE)
    async def page(request: Request) -> Response:
        if 'authorization' in request.headers:
            await identity(request, None)
        elif request.scope.get(IDENTITY) is None:
            return RedirectResponse(f'/login?next={PAGE}', 303, HEADERS)
        return HTMLResponse(document_page(asyncapi(public_origin(request.scope, public_origins))), headers=HEADERS)

    return router
