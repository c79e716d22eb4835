"""The descriptions of the live protocol and of REST, for programs and for people.

``/api/asyncapi.json`` and ``/api/openapi.json``; ``/api/asyncapi`` and ``/api/docs`` are the pages.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.api.document_page import document_page
from app.api.identity import current_identity
from app.api.openapi import openapi, with_server
from app.api.openapi_page import openapi_page
from app.public_address import public_origin
from app.security import IDENTITY
from services.asyncapi import asyncapi
from services.auth import Auth
from services.credential_schemas import ApiKeyAsk, RevokeAsk
from services.customer_schemas import NoteAsk
from services.identity import Identity, KeyScope
from services.rest_schemas import ExportAsk, PredictionInput, UploadStart
from services.single_flight import SingleFlightCache
from services.view_schemas import ViewAsk, ViewChange

PROTOCOL_PAGE = '/api/asyncapi'
REST_PAGE = '/api/docs'
BODIES = (ApiKeyAsk, ExportAsk, NoteAsk, PredictionInput, RevokeAsk, UploadStart, ViewAsk, ViewChange)
# another address makes another document, and who may read it depends on the token or cookie
HEADERS = {'Cache-Control': 'private, no-cache', 'Vary': 'Host, Authorization, Cookie'}

Reader = Callable[..., Awaitable[Identity]]


def create_router(auth: Auth, *, public_origins: Sequence[str]) -> APIRouter:
    """For whoever is signed in, by token or in the browser; a browser that is not is sent to sign in."""
    identity = current_identity(auth, KeyScope.READ)
    router = APIRouter(include_in_schema=False)
    built = SingleFlightCache(size=1)

    async def rest(request: Request) -> dict[str, Any]:
        app: FastAPI = request.app
        document = await built.get(app, lambda: asyncio.to_thread(openapi, app, bodies=BODIES))
        return with_server(document, public_origin(request.scope, public_origins))

    @router.get(f'{PROTOCOL_PAGE}.json', dependencies=[Depends(identity)])
    async def protocol_document(request: Request) -> JSONResponse:
        """The AsyncAPI document of the live protocol."""
        return JSONResponse(asyncapi(public_origin(request.scope, public_origins)), headers=HEADERS)

    @router.get(PROTOCOL_PAGE)
    async def protocol_page(request: Request) -> Response:
        if away := await _sign_in(request, identity, PROTOCOL_PAGE):
            return away
        return HTMLResponse(document_page(asyncapi(public_origin(request.scope, public_origins))), headers=HEADERS)

    @router.get('/api/openapi.json', dependencies=[Depends(identity)])
    async def rest_document(request: Request) -> JSONResponse:
        """The OpenAPI document of everything under ``/api``."""
        return JSONResponse(await rest(request), headers=HEADERS)

    @router.get(REST_PAGE)
    async def rest_page(request: Request) -> Response:
        if away := await _sign_in(request, identity, REST_PAGE):
            return away
        return HTMLResponse(openapi_page(await rest(request)), headers=HEADERS)

    return router


async def _sign_in(request: Request, identity: Reader, path: str) -> Response | None:
    """Where a browser goes that is not signed in.

    :raises InvalidToken: a program's token is not valid.
    """
    if 'authorization' in request.headers:
        await identity(request, None)
        return None
    return None if request.scope.get(IDENTITY) else RedirectResponse(f'/login?next={path}', 303, HEADERS)
