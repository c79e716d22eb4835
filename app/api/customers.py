"""Customers by REST."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from app.api.identity import current_identity
from services.auth import Auth
from services.customer_removal import remove_customer
from services.database import Database
from services.hub import LiveHub
from services.identity import Identity
from services.scores import RiskBands


def create_router(auth: Auth, database: Database, hub: LiveHub, *, bands: RiskBands) -> APIRouter:
    router = APIRouter(prefix='/api/customers', tags=['customers'])
    Caller = Annotated[Identity, Depends(current_identity(auth))]

    @router.delete('/{customer_id:path}')
    async def delete_customer(customer_id: str, caller: Caller) -> JSONResponse:
        """Delete a customer with all predictions, for good; an id with slashes is written with ``%2F`` or as it is."""

        def remove() -> int:
            return remove_customer(database, caller.user_id, customer_id, bands=bands)

        deleted = await database.run(remove, writes=True)
        await hub.notice(caller.user_id)
        return JSONResponse({'success': True, 'data': {'deleted': deleted}})

    return router
