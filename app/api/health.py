"""``/healthz``: the process lives. ``/readyz``: it can serve, its database answers."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text

from services.database import Database


def create_router(database: Database) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get('/healthz')
    async def healthz() -> JSONResponse:
        return JSONResponse({'status': 'ok'})

    @router.get('/readyz')
    async def readyz() -> JSONResponse:
        await database.read(lambda session: session.execute(text('SELECT 1')).scalar())
        return JSONResponse({'status': 'ok'})

    return router
