"""Everything else under ``/api``: answered here, or NiceGUI would build a page to say that there is none."""

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.routing import Match

METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']


def create_router() -> APIRouter:
    """Include it last."""
    router = APIRouter(include_in_schema=False)

    @router.api_route('/api', methods=METHODS)
    @router.api_route('/api/{path:path}', methods=METHODS)
    async def unknown(request: Request) -> None:
        matches = [route.matches(request.scope)[0] for route in request.app.router.routes]
        if Match.PARTIAL in matches:
            raise HTTPException(405, f'{request.method} is not possible here.')
        raise HTTPException(404, f'There is no {request.url.path[:100]}.')

    return router
