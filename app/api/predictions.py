"""Predictions by REST: scores in, as a JSON array or NDJSON, and out, page by page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from app.api.identity import current_identity
from app.api.openapi import CHANGING, READING, described, json_body
from app.api.openapi_parameters import PAGING, PARTIAL, QUERY
from app.api.paging import limit_of
from app.api.query import query_of
from services.auth import Auth
from services.clock import Clock
from services.customer_schemas import PredictionPage
from services.database import Database
from services.errors import InvalidRequest
from services.hub import LiveHub
from services.identity import Identity, KeyScope
from services.json_rows import MAX_ROWS, read_json
from services.models import SourceKind
from services.prediction_list import PredictionList
from services.predictions import Ingest, IngestResult
from services.rest_schemas import IngestData
from services.wire_schema import REF_TEMPLATE

MAX_BYTES = 8 * 1024 * 1024
NDJSON = ('application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines')
FLAGS = {'true': True, '1': True, 'false': False, '0': False}

ROWS = json_body(
    {'type': 'array', 'items': {'$ref': REF_TEMPLATE.format(model='PredictionInput')}, 'maxItems': MAX_ROWS},
    [{'customer_id': 'C-1042', 'churn_score': 0.82, 'reasons': ['+Logins down', '-Annual contract']}],
)


def create_router(
    auth: Auth, database: Database, ingest: Ingest, hub: LiveHub, predictions: PredictionList, *, clock: Clock
) -> APIRouter:
    router = APIRouter(prefix='/api', tags=['predictions'])
    Sender = Annotated[Identity, Depends(current_identity(auth, KeyScope.INGEST))]
    Reader = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]

    @router.post(
        '/predictions',
        **described(
            'Take predictions in',
            IngestData,
            fails=(*CHANGING, 'invalid_rows'),
            takes=[PARTIAL],
            body=ROWS,
        ),
    )
    async def post_predictions(request: Request, caller: Sender) -> JSONResponse:
        """Take up to 10,000 predictions in, all or none; with ``?partial=true`` the good ones of them."""
        partial, ndjson = _partial(request), _is_ndjson(request)
        body = await request.body()

        def take() -> IngestResult:
            rows = read_json(body, ndjson=ndjson, now=clock())
            return ingest.take(caller.user_id, rows, kind=SourceKind.API, name='', skip_bad_rows=partial)

        result = await database.run(take, writes=True)
        if result.taken:
            await hub.notice(caller.user_id)
        return JSONResponse({'success': True, 'data': _public(result)})

    @router.get(
        '/predictions',
        **described('List predictions', PredictionPage, fails=READING, takes=(*QUERY, *PAGING)),
    )
    async def get_predictions(request: Request, caller: Reader) -> JSONResponse:
        """The predictions of a query, newest first; ``next_cursor`` leads to the next page, and is null on the last."""
        query = query_of(request, besides=('limit', 'cursor'))
        limit = limit_of(request)
        page = await predictions.page(caller.user_id, query, limit=limit, cursor=request.query_params.get('cursor'))
        data = {'items': page.items, 'next_cursor': page.next_cursor}
        return JSONResponse({'success': True, 'data': data}, headers={'Cache-Control': 'no-store'})

    return router


def _public(result: IngestResult) -> dict[str, object]:
    return {
        'accepted': result.accepted,
        'corrected': result.corrected,
        'duplicates': result.duplicates,
        'rejected': result.rejected,
        'errors': [
            {'line': row.line, 'column': row.column, 'value': row.value, 'reason': row.reason} for row in result.errors
        ],
    }


def _partial(request: Request) -> bool:
    for key in request.query_params:
        if key != 'partial':
            raise InvalidRequest('There is no such parameter. Known: partial.', field=key[:100])
    value = request.query_params.get('partial', 'false').lower()
    if value not in FLAGS:
        raise InvalidRequest('Write true or false.', field='partial')
    return FLAGS[value]


def _is_ndjson(request: Request) -> bool:
    kind = request.headers.get('content-type', 'application/json').partition(';')[0].strip().lower()
    if kind in NDJSON:
        return True
    if kind == 'application/json':
        return False
    raise InvalidRequest(f'Send application/json or {NDJSON[0]}.', field='Content-Type')
