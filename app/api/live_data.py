"""``GET /api/live-data``: the board's numbers by REST."""

from fastapi import APIRouter, Request, Response

from app.api.identity import identity_of
from app.api.openapi import READING, described
from app.api.openapi_parameters import QUERY
from app.api.query import query_of
from services.auth import Auth
from services.hub import LiveHub
from services.identity import KeyScope
from services.schemas import DashboardData

HEADERS = {'Cache-Control': 'private, no-cache', 'Vary': 'Authorization, Cookie'}


def create_router(auth: Auth, hub: LiveHub) -> APIRouter:
    router = APIRouter(prefix='/api', tags=['live data'])

    @router.get(
        '/live-data', **described('Read the board', DashboardData, fails=READING, takes=QUERY, etag=True, asks_who=True)
    )
    async def live_data(request: Request) -> Response:
        """The numbers the board shows right now for a query, with an ETag."""
        caller = await identity_of(request, auth, KeyScope.READ)  # a dependency takes a sixth of the whole answer
        snapshot = await hub.snapshot(caller.user_id, query_of(request), known=caller.known)
        headers = {**HEADERS, 'ETag': snapshot.etag}
        if snapshot.etag in tags(request):
            return Response(status_code=304, headers=headers)
        body = b'{"success":true,"data":{%b}}' % snapshot.members
        return Response(body, headers=headers, media_type='application/json')

    return router


def tags(request: Request) -> list[str]:
    """The ETags the caller has; weak ones count, as RFC 9110 13.1.2 says."""
    return [tag.strip().removeprefix('W/') for tag in request.headers.get('if-none-match', '').split(',')]
