"""What runs beside the requests while a server does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from app.services import Services
from services.beat import Beat


def lifespan(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """For the app: starts everything, and ends it when the server is to stop."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        services.sockets.start_data_broadcast()
        services.access.also(services.page_registry.check)
        services.supervisor.start('slow requests', services.request_timeouts.run)
        services.supervisor.start('beat', Beat(services.hub).run)
        services.supervisor.start('key use', services.key_use.run)
        services.supervisor.start('session use', services.session_use.run)
        services.supervisor.start('access', services.access.run)
        if services.settings.metrics_token:
            services.supervisor.start('loop lag', services.lag.run)
        services.supervisor.start('sample feed', services.workspace.feed)
        services.supervisor.start('uploads', services.uploads.run)
        services.supervisor.start('rollup upkeep', services.upkeep.run)
        services.supervisor.start('visits', services.visits.run)
        yield
        await services.supervisor.stop()
        await services.visits.close()
        await services.uploads.close()
        services.hub.close()
        services.exports.close()
        services.auth.close()

    return running
