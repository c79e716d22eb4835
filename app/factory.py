"""The composition root: the only place that knows everybody."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import socketio
from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.staticfiles import StaticFiles

from app.api import auth as auth_api
from app.api import customers, health, live_data, predictions, session, unknown
from app.api import exports as exports_api
from app.api import uploads as uploads_api
from app.api.errors import install_error_handlers
from app.body_limit import BodyLimit
from app.page_registry import PageRegistry
from app.pages import login
from app.pages.dashboard import dashboard_page
from app.pages.data import data_page
from app.pages.failure import failure_page
from app.secret_key import secret_key
from app.security import SignInGate
from app.settings import Settings
from services.actions import actions
from services.alerts import Alerts
from services.auth import Auth
from services.broadcasts import Broadcasts
from services.clock import Clock, system_clock
from services.connections import Connections
from services.dashboard import Dashboard
from services.database import Database
from services.emitter import Emitter
from services.exports import Exports
from services.hub import LiveHub
from services.predictions import Ingest
from services.rollup_upkeep import RollupUpkeep
from services.socket_server import SocketServer
from services.socket_service import SocketService
from services.sources import Sources
from services.supervision import Supervisor
from services.upload_events import pushing
from services.uploads import Uploads
from services.workspace import Workspace

ASSETS = Path(__file__).parents[1] / 'assets'

MAX_BODY = 65_536
BODIES = {'/api/predictions': predictions.MAX_BYTES, uploads_api.PATH: None}
"""Where a request may be larger; uploads count for themselves."""

LINK_NOTICED_SECONDS = 5.0
"""How fast a page notices a dead link: NiceGUI derives its pings from it."""

PAGE_KEPT_SECONDS = 60.0
"""How long a page's state outlives its link: longer than the browser's own attempts to come back take."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """Every long-lived object, made once."""

    settings: Settings
    database: Database
    clock: Clock
    auth: Auth
    hub: LiveHub
    ingest: Ingest
    exports: Exports
    uploads: Uploads
    workspace: Workspace
    upkeep: RollupUpkeep
    supervisor: Supervisor
    socket_server: SocketServer
    sockets: SocketService
    page_registry: PageRegistry


def build(settings: Settings, database: Database, *, clock: Clock = system_clock) -> Services:
    """Create every long-lived object on an opened and prepared database."""
    bands = settings.bands
    auth = Auth(
        database,
        secret_key=secret_key(settings),
        token_seconds=settings.token_seconds,
        session_hours=settings.session_hours,
        clock=clock,
    )
    dashboard = Dashboard(bands=bands)
    hub = LiveHub(database, dashboard, Alerts(database), clock=clock, refresh_seconds=settings.refresh_seconds)
    ingest = Ingest(database, clock=clock, bands=bands)
    exports = Exports(database, dashboard, clock=clock)
    supervisor = Supervisor()
    server = SocketServer(allowed_origins=settings.public_origins)
    connections, emitter = Connections(), Emitter(server)
    broadcasts = Broadcasts(
        server=server,
        emitter=emitter,
        auth=auth,
        connections=connections,
        hub=hub,
        database=database,
        supervisor=supervisor,
        bands=bands,
        clock=clock,
    )
    sockets = SocketService(
        server,
        auth=auth,
        hub=hub,
        broadcasts=broadcasts,
        connections=connections,
        emitter=emitter,
        actions=actions(exports),
        supervisor=supervisor,
        clock=clock,
    )
    uploads = Uploads(
        settings.data_dir / 'uploads',
        database=database,
        ingest=ingest,
        sources=Sources(database, bands=bands),
        hub=hub,
        supervisor=supervisor,
        clock=clock,
        max_bytes=settings.max_upload_mb * 1_000_000,
    )
    uploads.on_progress(pushing(emitter))
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        auth=auth,
        hub=hub,
        ingest=ingest,
        exports=exports,
        uploads=uploads,
        upkeep=RollupUpkeep(database, bands=bands, clock=clock),
        workspace=Workspace(database, ingest, hub, bands=bands, rng=random.Random()),
        supervisor=supervisor,
        socket_server=server,
        sockets=sockets,
        page_registry=PageRegistry(auth),
    )


def create_app(services: Services) -> FastAPI:
    """The ASGI application; nothing registers itself at import."""
    app = FastAPI(title='Churnboard', docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(services))
    app.add_middleware(BodyLimit, limits=BODIES, otherwise=MAX_BODY)
    app.add_middleware(SignInGate, auth=services.auth, settings=services.settings, pages=('/', '/data'))
    install_error_handlers(app)
    _add_rest(app, services)
    app.mount('/assets', StaticFiles(directory=ASSETS))
    app.mount('/socket.io', socketio.ASGIApp(services.socket_server, socketio_path=None))
    _add_pages(app, services)
    return app


def _add_rest(app: FastAPI, services: Services) -> None:
    auth, hub = services.auth, services.hub
    app.include_router(health.create_router(services.database))
    app.include_router(auth_api.create_router(auth))
    app.include_router(session.create_router(auth))
    app.include_router(live_data.create_router(auth, hub))
    app.include_router(predictions.create_router(auth, services.database, services.ingest, hub, clock=services.clock))
    app.include_router(exports_api.create_router(auth, services.exports))
    app.include_router(uploads_api.create_router(auth, services.uploads))
    app.include_router(customers.create_router(auth, services.database, hub, bands=services.settings.bands))
    app.include_router(unknown.create_router())
    app.include_router(login.create_router(auth, services.settings, services.page_registry.end))


def _add_pages(app: FastAPI, services: Services) -> None:
    """NiceGUI takes what is left; its own socket stays private."""
    ui.page('/', title='Churnboard', reconnect_timeout=PAGE_KEPT_SECONDS)(dashboard_page(services))
    ui.page('/data', title='Data · Churnboard', reconnect_timeout=PAGE_KEPT_SECONDS)(data_page(services))
    nicegui_app.on_page_exception(failure_page)
    ui.run_with(
        app,
        title='Churnboard',
        favicon=ASSETS / 'favicon.svg',
        dark=None,
        language='en-US',
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=LINK_NOTICED_SECONDS,
        show_welcome_message=False,
    )


def _lifespan(services: Services) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        services.sockets.start_data_broadcast()
        services.hub.on_beat(services.page_registry.check)
        services.supervisor.start('beat', services.hub.run)
        services.supervisor.start('sample feed', services.workspace.feed)
        services.supervisor.start('uploads', services.uploads.run)
        services.supervisor.start('rollup upkeep', services.upkeep.run)
        yield
        await services.supervisor.stop()
        await services.uploads.close()
        services.hub.close()
        services.auth.close()

    return lifespan
