"""``GET /api/series``: what the board's charts show."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.api.identity import current_identity
from app.api.live_data import HEADERS, tags
from app.api.openapi import READING, described
from app.api.openapi_parameters import QUERY
from app.api.query import query_of
from services.auth import Auth
from services.hub import LiveHub
from services.identity import Identity, KeyScope
from services.schemas import Charts


def create_router(auth: Auth, hub: LiveHub) -> APIRouter:
    router = APIRouter(prefix='/api', tags=['live data'])
    Caller = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]

    @router.get('/series', **described('Read the charts', Charts, fails=READING, takes=QUERY, etag=True))
    async def series(request: Request, caller: Caller) -> Response:
        """Score distribution, what happened day by day and the customers most at risk, for a query, with an ETag."""
        charts = await hub.charts(caller.user_id, query_of(request))
        data = charts.model_dump_json(exclude_none=True).encode()
        etag = f'"{hashlib.blake2b(data, digest_size=16).hexdigest()}"'
        headers = {**HEADERS, 'ETag': etag}
        if etag in tags(request):
            return Response(status_code=304, headers=headers)
        return Response(b'{"success":true,"data":%b}' % data, headers=headers, media_type='application/json')

    return router
