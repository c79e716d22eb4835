"""Exports by REST: ask for a link, then fetch it once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse

from app.api.identity import current_identity
from app.api.query import query_of
from services.auth import Auth
from services.errors import InvalidRequest, NotFound
from services.export_formats import ExportFormat, export_format
from services.exports import GONE, ExportGrant, Exports
from services.identity import Identity

MEDIA_TYPES = {ExportFormat.CSV: 'text/csv; charset=utf-8', ExportFormat.JSON: 'application/json'}


def create_router(auth: Auth, exports: Exports) -> APIRouter:
    router = APIRouter(prefix='/api/exports', tags=['exports'])
    Caller = Annotated[Identity, Depends(current_identity(auth))]

    @router.post('')
    async def post_export(request: Request, caller: Caller) -> JSONResponse:
        """Grant an export of what the query parameters select; the body is ``{"format": "csv"|"json"}``."""
        query, fmt = query_of(request), await _format(request)
        grant = await exports.grant(caller.user_id, query, fmt, session_hash=caller.session_hash)
        return JSONResponse({'success': True, 'data': {'url': grant.url, 'rows': grant.rows}}, 201)

    @router.get('/{token}')
    async def get_export(token: str) -> StreamingResponse:
        """The file. The link is the right to it: it works once, within 60 s, while what it was given to lasts."""
        grant = exports.redeem(token)
        if not await _lasts(grant, auth):
            raise NotFound(GONE)
        headers = {
            'Content-Disposition': f'attachment; filename="{grant.file_name}"',
            'Cache-Control': 'no-store',
            'X-Total-Rows': str(grant.rows),
        }
        return StreamingResponse(exports.stream(grant), media_type=MEDIA_TYPES[grant.format], headers=headers)

    return router


async def _lasts(grant: ExportGrant, auth: Auth) -> bool:
    """Whether its owner may still sign in, with the same password, and the browser session behind it goes on."""
    if (await auth.current_versions([grant.user_id])).get(grant.user_id) != grant.token_version:
        return False
    return grant.session_hash is None or bool(await auth.living_sessions([grant.session_hash]))


async def _format(request: Request) -> ExportFormat:
    try:
        body = await request.json()
    except ValueError as error:
        raise InvalidRequest('A JSON object such as {"format": "csv"} is needed.', field='format') from error
    if not isinstance(body, dict) or set(body) - {'format'}:
        raise InvalidRequest('A JSON object such as {"format": "csv"} is needed.', field='format')
    return export_format(body.get('format'))
