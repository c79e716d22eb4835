"""Saved views by REST: with a token or from a page; a key of scope ``read`` lists them."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from app.api.identity import current_identity
from app.api.json_body import json_object
from app.api.openapi import CHANGING, READING, described, json_body
from services.auth import Auth
from services.errors import InvalidRequest, NotFound
from services.identity import Identity, KeyScope
from services.query import DashboardQuery
from services.saved_views import UNKNOWN, SavedView, SavedViews
from services.view_schemas import EXAMPLE_VIEW, ViewAsk, ViewChange, ViewData, ViewList

LONGEST_NUMBER = 18
SUCH_AS = '{"name": "Northern accounts", "query": {"q": "north"}}'


def create_router(auth: Auth, views: SavedViews) -> APIRouter:
    router = APIRouter(prefix='/api/views', tags=['views'])
    Caller = Annotated[Identity, Depends(current_identity(auth))]
    Reader = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]
    ask = {'name': EXAMPLE_VIEW['name'], 'query': EXAMPLE_VIEW['query']}

    @router.get('', **described('List saved views', ViewList, fails=READING))
    async def get_views(caller: Reader) -> JSONResponse:
        """Your views by name; the keys of ``query`` are the parameters of every call that takes one."""
        return _answer([_public(view) for view in await views.list(caller.user_id)])

    @router.post('', **described('Save a view', ViewData, fails=CHANGING, body=json_body(ViewAsk, ask), status=201))
    async def post_view(request: Request, caller: Caller) -> JSONResponse:
        """Keep a query under a name: it stands in the board's menu of views."""
        body = await json_object(request, 'name', 'query', such_as=SUCH_AS)
        if 'query' not in body:
            raise InvalidRequest('A query is needed; {} means all predictions.', field='query')
        return _answer(_public(await views.add(caller.user_id, _name(body), _query(body['query']))), 201)

    @router.patch(
        '/{view_id}',
        **described(
            'Change a view',
            ViewData,
            fails=(*CHANGING, 'not_found'),
            body=json_body(ViewChange, {'name': EXAMPLE_VIEW['name']}),
        ),
    )
    async def patch_view(view_id: str, request: Request, caller: Caller) -> JSONResponse:
        """Give a view another name, another query, or both."""
        number, body = _number(view_id), await json_object(request, 'name', 'query', such_as=SUCH_AS)
        if not body:
            raise InvalidRequest(f'Say what is to change, such as {SUCH_AS}.')
        name = _name(body) if 'name' in body else None
        query = _query(body['query']) if 'query' in body else None
        return _answer(_public(await views.change(caller.user_id, number, name=name, query=query)))

    @router.delete('/{view_id}', **described('Delete a view', ViewData, fails=(*CHANGING, 'not_found')))
    async def delete_view(view_id: str, caller: Caller) -> JSONResponse:
        """Forget a view; the answer is what it was."""
        return _answer(_public(await views.delete(caller.user_id, _number(view_id))))

    return router


def _answer(data: object, status: int = 200) -> JSONResponse:
    return JSONResponse({'success': True, 'data': data}, status, {'Cache-Control': 'no-store'})


def _public(view: SavedView) -> dict[str, object]:
    return {'id': str(view.id), 'name': view.name, 'query': None if view.query is None else view.query.public()}


def _number(view_id: str) -> int:
    if not (view_id.isascii() and view_id.isdigit() and len(view_id) <= LONGEST_NUMBER):
        raise NotFound(UNKNOWN)
    return int(view_id)


def _name(body: Mapping[str, object]) -> str:
    name = body.get('name')
    if not isinstance(name, str):
        raise InvalidRequest('A name is needed, to know the view by.', field='name')
    return name


def _query(value: object) -> DashboardQuery:
    if not isinstance(value, dict):
        raise InvalidRequest('A query is an object such as {"risk": ["high"]}.', field='query')
    return DashboardQuery.parse(value)
