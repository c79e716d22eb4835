"""``GET /api/revenue-at-risk``: what the customers at high risk are worth."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.api.identity import current_identity
from app.api.live_data import HEADERS, tags
from app.api.openapi import READING, described
from app.api.openapi_parameters import QUERY
from app.api.query import query_of
from services.auth import Auth
from services.customer_list import CustomerList
from services.identity import Identity, KeyScope
from services.schemas import RevenueAtRisk

PATH = '/api/revenue-at-risk'


def create_router(auth: Auth, customers: CustomerList) -> APIRouter:
    router = APIRouter(tags=['customers'])
    Reader = Annotated[Identity, Depends(current_identity(auth, KeyScope.READ))]

    @router.get(PATH, **described('Read revenue at risk', RevenueAtRisk, fails=READING, takes=QUERY, etag=True))
    async def get_revenue(request: Request, caller: Reader) -> Response:
        """How many customers of a query are at high risk by their latest prediction in it, and their account values."""
        question = await customers.question(caller.user_id, query_of(request))
        etag = question.etag(PATH)
        if etag in tags(request):
            return Response(status_code=304, headers={**HEADERS, 'ETag': etag})
        revenue = await customers.revenue(question)
        headers = HEADERS if revenue.state else {**HEADERS, 'ETag': etag}
        body = b'{"success":true,"data":%b}' % revenue.model_dump_json(exclude_none=True).encode()
        return Response(body, headers=headers, media_type='application/json')

    return router
