"""Customers by REST: those of a query page by page, one with its history, and deleting one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from app.api.identity import current_identity
from app.api.live_data import HEADERS, tags
from app.api.openapi import CHANGING, READING, described
from app.api.openapi_parameters import DAYS, PAGING, QUERY, SORT
from app.api.paging import limit_of
from app.api.query import days_of, query_of
from services.auth import Auth
from services.customer_list import CustomerList
from services.customer_order import CustomerSort
from services.customer_removal import remove_customer
from services.customer_schemas import CustomerDetail, CustomerPage
from services.database import Database
from services.errors import InvalidRequest
from services.hub import LiveHub
from services.identity import Identity, KeyScope
from services.rest_schemas import CustomerRemovedData
from services.scores import RiskBands

PATH = '/api/customers'
PAGED_BY = ('limit', 'cursor')


def create_router(
    auth: Auth, database: Database, hub: LiveHub, customers: CustomerList, *, bands: RiskBands
) -> APIRouter:
    router = APIRouter(prefix=PATH, tags=['customers'])
    Caller = Annotated[Identity, Depends(current_identity(auth))]
    Reader = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]

    @router.get(
        '',
        **described('List customers', CustomerPage, fails=READING, takes=(*QUERY, SORT, *PAGING), etag=True),
    )
    async def get_customers(request: Request, caller: Reader) -> Response:
        """The customers of a query by their latest prediction in it; ``next_cursor`` leads to the next page."""
        question = await customers.question(caller.user_id, query_of(request, besides=('sort', *PAGED_BY)))
        sort, limit, cursor = _sort(request), limit_of(request), request.query_params.get('cursor')
        etag = question.etag(PATH, sort, limit, cursor)
        if etag in tags(request):
            return Response(status_code=304, headers={**HEADERS, 'ETag': etag})
        page = await customers.page(question, sort=sort, limit=limit, cursor=cursor)
        # a page that is not of the newest state must not be taken for it later
        headers = HEADERS if page.refreshing else {**HEADERS, 'ETag': etag}
        body = b'{"success":true,"data":{%b}}' % page.members
        return Response(body, headers=headers, media_type='application/json')

    @router.get(
        '/{customer_id:path}',
        **described(
            'Show a customer',
            CustomerDetail,
            fails=(*READING, 'not_found'),
            takes=(*DAYS, *PAGING),
            etag=True,
        ),
    )
    async def get_customer(customer_id: str, request: Request, caller: Reader) -> Response:
        """A customer with its predictions, newest first, of the days asked for; an id with slashes as for deleting."""
        question = await customers.question(caller.user_id, days_of(request, besides=PAGED_BY))
        limit, cursor = limit_of(request), request.query_params.get('cursor')
        headers = {**HEADERS, 'ETag': question.etag(PATH, customer_id, limit, cursor)}
        if headers['ETag'] in tags(request):
            return Response(status_code=304, headers=headers)
        detail = await customers.detail(question, customer_id, limit=limit, cursor=cursor)
        return JSONResponse({'success': True, 'data': detail}, headers=headers)

    @router.delete(
        '/{customer_id:path}',
        **described('Delete a customer', CustomerRemovedData, fails=(*CHANGING, 'not_found')),
    )
    async def delete_customer(customer_id: str, caller: Caller) -> JSONResponse:
        """Delete a customer with all predictions, for good; an id with slashes is written with ``%2F`` or as it is."""

        def remove() -> int:
            return remove_customer(database, caller.user_id, customer_id, bands=bands)

        deleted = await database.run(remove, writes=True)
        await hub.notice(caller.user_id)
        return JSONResponse({'success': True, 'data': {'deleted': deleted}})

    return router


def _sort(request: Request) -> CustomerSort:
    given = request.query_params.get('sort', CustomerSort.RISK)
    if given not in set(CustomerSort):
        raise InvalidRequest(f'Customers are sorted by {" or ".join(CustomerSort)}.', field='sort')
    return CustomerSort(given)
