"""Exports by REST: ask for a link, fetch it once, and learn whether all of it was sent."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from app.api.identity import current_identity
from app.api.json_body import json_object
from app.api.openapi import CHANGING, READING, described, json_body
from app.api.openapi_parameters import QUERY
from app.api.query import query_of
from app.export_response import ExportResponse
from services.auth import Auth
from services.export_formats import MEDIA_TYPES, ExportFormat, export_decimal, export_format
from services.export_grants import ExportGrant
from services.exports import Exports
from services.identity import Identity, KeyScope
from services.rest_schemas import ExportAsk, ExportGrantData, ExportStatusData


def create_router(auth: Auth, exports: Exports) -> APIRouter:
    router = APIRouter(prefix='/api/exports', tags=['exports'])
    Caller = Annotated[Identity, Depends(current_identity(auth))]
    Reader = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]

    @router.post(
        '',
        **described(
            'Ask for an export',
            ExportGrantData,
            fails=(*CHANGING, 'rate_limited'),
            takes=QUERY,
            body=json_body(ExportAsk, {'format': 'csv'}),
            status=201,
        ),
    )
    async def post_export(request: Request, caller: Caller) -> JSONResponse:
        """Grant an export of what the query parameters select.

        The body is ``{"format": "csv"|"csv-excel"|"json"|"ndjson"|"xlsx"}``; ``csv-excel`` takes ``"decimal": ","``,
        too. The answer's ``url`` works once within 60 s; ``rows`` says how many predictions the file will hold.
        """
        query, (fmt, decimal) = query_of(request), await _form(request)
        grant = await exports.grant(caller.user_id, query, fmt, decimal=decimal, right=caller.right)
        return JSONResponse({'success': True, 'data': {'id': grant.id, 'url': grant.url, 'rows': grant.rows}}, 201)

    @router.get(
        '/{token}',
        response_class=ExportResponse,
        **described(
            'Fetch an export', fails=('not_found', 'rate_limited', 'unavailable'), files=tuple(MEDIA_TYPES.values())
        ),
    )
    async def get_export(token: str) -> ExportResponse:
        """The file. The link is the right to it: it works once, within 60 s, while what it was given to lasts.

        ``X-Total-Rows`` says how many predictions the file holds: fewer than were granted only where some were
        corrected or deleted in between. A file that could not be completed ends with a broken connection.
        """
        lasts = partial(_lasts, auth)
        return ExportResponse(exports.fetch(token, lasts=lasts), lasts=lasts)

    @router.get(
        '/{export_id}/status',
        **described('Follow an export', ExportStatusData, fails=(*READING, 'not_found')),
    )
    async def get_status(export_id: str, caller: Reader) -> JSONResponse:
        """What became of an export of the last hour: ``state`` is ``done`` once all its ``rows`` were sent."""
        return JSONResponse({'success': True, 'data': exports.status(caller.user_id, export_id).public()})

    return router


async def _lasts(auth: Auth, grant: ExportGrant) -> bool:
    """Whether its owner may still sign in, with the same password, and what it was asked for with has not ended."""
    return await auth.lasts(grant.user_id, grant.right)


async def _form(request: Request) -> tuple[ExportFormat, str]:
    body = await json_object(request, 'format', 'decimal', such_as='{"format": "csv"}')
    fmt = export_format(body.get('format'))
    return fmt, export_decimal(body.get('decimal'), fmt)
