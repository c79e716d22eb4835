"""Uploads by REST: a file in as the raw body, what became of it, and the way back out."""

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from app.api.identity import current_identity
from app.api.openapi import CHANGING, READING, described, json_body
from app.api.openapi_parameters import UPLOAD
from app.api.upload_calls import TakeOptions, UploadCall, announced_bytes, check_raw
from app.file_response import OpenedFileResponse
from services.auth import Auth
from services.clock import rfc3339
from services.errors import InvalidRequest, NotFound
from services.file_rows import Preview
from services.identity import Identity, KeyScope
from services.rest_schemas import RemovedData, SourceList, UploadData, UploadOrSource, UploadStart
from services.source_removal import Removed
from services.sources import SourceInfo
from services.upload_status import UploadState, UploadStatus
from services.uploads import Uploads

PATH = '/api/uploads'
HEADERS = {'Cache-Control': 'no-store'}
CLIENT_CLOSED = 499
LONGEST_NUMBER = 18
NO_REJECTED_ROWS = 'This upload has no rejected rows.'
NO_SOURCE = 'There is no such source: GET /api/uploads lists them.'

FILE = {'required': True, 'content': {'application/octet-stream': {'schema': {'type': 'string', 'format': 'binary'}}}}
START = json_body(UploadStart, {'mapping': {'Account': 'customer_id'}, 'partial': False}, required=False)


def create_router(auth: Auth, uploads: Uploads) -> APIRouter:
    router = APIRouter(prefix=PATH, tags=['uploads'])
    Caller = Annotated[Identity, Depends(current_identity(auth))]
    Sender = Annotated[Identity, Depends(current_identity(auth, KeyScope.INGEST))]
    Reader = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]
    # who sends a file is told what became of it
    Either = Annotated[Identity, Depends(current_identity(auth, KeyScope.INGEST, KeyScope.READ))]

    @router.post(
        '',
        **described(
            'Upload a file',
            UploadData,
            fails=(*CHANGING, 'rate_limited'),
            takes=UPLOAD,
            body=FILE,
            status=202,
            also={200: 'The same bytes were taken in before: nothing changed.'},
        ),
    )
    async def post_upload(request: Request, caller: Sender) -> Response:
        """Take a file in, or with ``?preview=true`` only look at it; the body is the file itself."""
        check_raw(request)
        call = UploadCall.of_parameters(request)
        try:
            chunks, size = request.stream(), announced_bytes(request)
            status = await uploads.receive(caller.user_id, call.name, chunks, announced=size)
        except ClientDisconnect:
            return Response(status_code=CLIENT_CLOSED)  # to nobody: nothing of the file is left
        if status.state is UploadState.DONE:
            return _answer(_upload(status))
        if call.preview:
            return _answer({**_upload(status), 'preview': await _preview_of(caller.user_id, status)}, 202)
        return _answer(_upload(await _start(caller.user_id, status.id, call.options)), 202)

    @router.get('', **described('List sources', SourceList, fails=READING))
    async def get_sources(caller: Reader) -> JSONResponse:
        """Everything your predictions came from, newest first."""
        return _answer([_source(source) for source in await uploads.history(caller.user_id)])

    @router.get('/{upload_id}', **described('Follow an upload', UploadOrSource, fails=(*READING, 'not_found')))
    async def get_upload(upload_id: str, caller: Either) -> JSONResponse:
        """How far an upload is; by the id of a source, what came with it."""
        source_id = _number(upload_id)
        if source_id is None:
            return _answer(_upload(uploads.status(caller.user_id, upload_id)))
        for source in await uploads.history(caller.user_id):
            if source.id == source_id:
                return _answer(_source(source))
        raise NotFound(NO_SOURCE)

    @router.post(
        '/{upload_id}/start',
        **described(
            'Take an upload in', UploadData, fails=(*CHANGING, 'not_found', 'rate_limited'), body=START, status=202
        ),
    )
    async def start_upload(upload_id: str, request: Request, caller: Sender) -> JSONResponse:
        """Take a file in that was only looked at, or failed; the body is ``{"mapping": {...}, "partial": false}``."""
        return _answer(_upload(await _start(caller.user_id, upload_id, await TakeOptions.of_body(request))), 202)

    @router.get(
        '/{upload_id}/errors',
        response_class=Response,
        **described('Get rejected rows', fails=(*READING, 'not_found'), files=['text/csv']),
    )
    async def get_errors(upload_id: str, caller: Either) -> Response:
        """The rejected rows as CSV."""
        path = uploads.errors(caller.user_id, upload_id)
        if path is None:
            raise NotFound(NO_REJECTED_ROWS)
        name = PurePath(uploads.status(caller.user_id, upload_id).name).stem
        return OpenedFileResponse(
            path,
            media_type='text/csv; charset=utf-8',
            filename=f'{name}-errors.csv',
            gone=NO_REJECTED_ROWS,
            headers=HEADERS,
        )

    @router.delete('/{upload_id}', **described('Undo an upload', RemovedData, fails=(*CHANGING, 'not_found')))
    async def delete_upload(upload_id: str, caller: Caller) -> JSONResponse:
        """Take back what a source or upload brought, exactly; an upload that brought nothing is forgotten."""
        source_id = _number(upload_id)
        if source_id is None:
            source_id = uploads.status(caller.user_id, upload_id).source_id
        if source_id is None:
            await uploads.discard(caller.user_id, upload_id)
            return _answer(_removed(Removed(deleted=0, restored=0)))
        return _answer(_removed(await uploads.undo(caller.user_id, source_id)))

    async def _start(user_id: int, upload_id: str, options: TakeOptions) -> UploadStatus:
        return await uploads.start(user_id, upload_id, mapping=options.mapping, skip_bad_rows=options.skip_bad_rows)

    async def _preview_of(user_id: int, status: UploadStatus) -> dict[str, object]:
        """:raises InvalidRequest: the file cannot be read; it is not kept then."""
        try:
            return _preview(await uploads.preview(user_id, status.id))
        except InvalidRequest:
            await uploads.discard(user_id, status.id)
            raise

    return router


def _answer(data: object, status: int = 200) -> JSONResponse:
    return JSONResponse({'success': True, 'data': data}, status, HEADERS)


def _number(upload_id: str) -> int | None:
    """The id of a source; ``None`` if it is that of an upload."""
    if not (upload_id.isascii() and upload_id.isdigit()):
        return None
    if len(upload_id) > LONGEST_NUMBER:
        raise NotFound(NO_SOURCE)
    return int(upload_id)


def _upload(status: UploadStatus) -> dict[str, object]:
    return {
        'id': status.id,
        'name': status.name,
        'state': status.state.value,
        'bytes': status.bytes,
        'rows': status.rows,
        'stored': status.stored,
        'rejected': status.rejected,
        'accepted': status.accepted,
        'corrected': status.corrected,
        'duplicates': status.duplicates,
        'message': status.message,
        'source_id': None if status.source_id is None else str(status.source_id),
        'created_at': rfc3339(status.created_at),
    }


def _preview(preview: Preview) -> dict[str, object]:
    return {
        'format': preview.format.value,
        'compressed': preview.compressed,
        'columns': preview.columns,
        'guessed': dict(preview.guessed),
        'rows': preview.rows,
    }


def _source(source: SourceInfo) -> dict[str, object]:
    return {
        'id': str(source.id),
        'kind': str(source.kind),
        'name': source.name,
        'accepted': source.accepted,
        'corrected': source.corrected,
        'duplicates': source.duplicates,
        'rejected': source.rejected,
        'created_at': rfc3339(source.created_at),
        'content_hash': source.content_hash,
    }


def _removed(removed: Removed) -> dict[str, object]:
    return {'deleted': removed.deleted, 'restored': removed.restored}
