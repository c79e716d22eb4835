"""The composition root: the only place that knows everybody."""

from __future__ import annotations

import random
import secrets

import socketio
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from app.api import predictions
from app.api import uploads as uploads_api
from app.api.errors import install_error_handlers
from app.asset_files import AssetFiles
from app.body_limit import BodyLimit
from app.disconnects import QuietDisconnects
from app.kept_files import KeptFiles
from app.lifespan import lifespan
from app.live_door import LiveDoor
from app.page_registry import PageRegistry
from app.request_timeouts import RequestLimits, RequestTimeouts
from app.routes import PAGES, add_pages, add_rest
from app.secret_key import secret_key
from app.security import SignInGate
from app.services import Services
from app.settings import Settings
from services.access_watch import AccessWatch
from services.accounts import Accounts
from services.actions import actions
from services.alerts import Alerts
from services.api_keys import ApiKeys
from services.arrivals import Arrivals
from services.auth import Auth
from services.board_messages import BoardMessages
from services.broadcasts import Broadcasts
from services.browser_sessions import BrowserSessions
from services.clock import Clock, system_clock
from services.connection_limits import ConnectionLimits, Limits
from services.connections import Connections
from services.counters import Counters
from services.customer_list import CustomerList
from services.customer_records import CustomerRecords
from services.dashboard import Dashboard
from services.database import Database
from services.emitter import Emitter
from services.exports import Exports
from services.hub import PATIENCE, LiveHub
from services.key_use import KeyUse
from services.lane import Lane
from services.loop_lag import LoopLag
from services.prediction_list import PredictionList
from services.predictions import Ingest
from services.preferences import PreferenceStore
from services.rollup_upkeep import RollupUpkeep
from services.saved_views import SavedViews
from services.session_use import SessionUse
from services.sign_in_limits import SignInLimits
from services.socket_server import SocketServer
from services.socket_service import SocketService
from services.sources import Sources
from services.supervision import Supervisor
from services.upload_events import pushing
from services.uploads import Uploads
from services.user_lookup import UserLookup
from services.visit_news import NewsSinceVisit
from services.visits import Visits
from services.workspace import Workspace

MAX_BODY = 65_536
BODIES = {'/api/predictions': predictions.MAX_BYTES, uploads_api.PATH: None}
"""Where a request may be larger; uploads count for themselves."""


def build(settings: Settings, database: Database, *, clock: Clock = system_clock) -> Services:
    """Create every long-lived object on an opened and prepared database."""
    bands = settings.bands
    counters = Counters()
    lookup = UserLookup(database)
    key_use, session_use = KeyUse(database, clock=clock), SessionUse(database, clock=clock)
    lane = Lane()
    auth = Auth(
        database,
        secret_key=secret_key(settings),
        token_seconds=settings.token_seconds,
        session_hours=settings.session_hours,
        session_max_hours=settings.session_max_hours,
        clock=clock,
        lookup=lookup,
        limits=SignInLimits(
            per_account=settings.failed_sign_ins_per_hour,
            per_address=settings.failed_sign_ins_per_address,
            counters=counters,
        ),
        key_use=key_use,
        session_use=session_use,
    )
    dashboard = Dashboard(bands=bands)
    hub = LiveHub(
        database,
        dashboard,
        Alerts(database),
        clock=clock,
        refresh_seconds=settings.refresh_seconds,
        users=lookup,
        lane=lane,
    )
    ingest = Ingest(database, clock=clock, bands=bands)
    exports = Exports(
        database,
        dashboard,
        folder=settings.data_dir / 'exports',
        per_minute=settings.exports_per_minute,
        counters=counters,
        clock=clock,
    )
    supervisor = Supervisor()
    connections = Connections()
    server = _socket_server(settings, counters)
    emitter = Emitter(server, connections)
    access = AccessWatch(
        auth=auth, hub=hub, connections=connections, emitter=emitter, supervisor=supervisor, clock=clock
    )
    messages = BoardMessages(secrets.token_hex(8))
    sockets = SocketService(
        server,
        auth=auth,
        hub=hub,
        broadcasts=Broadcasts(
            emitter=emitter,
            connections=connections,
            hub=hub,
            messages=messages,
            access=access,
            supervisor=supervisor,
            counters=counters,
        ),
        arrivals=Arrivals(
            database=database, connections=connections, emitter=emitter, supervisor=supervisor, bands=bands
        ),
        access=access,
        messages=messages,
        connections=connections,
        emitter=emitter,
        actions=actions(exports),
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
    visits = Visits(database, clock=clock)
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        auth=auth,
        accounts=Accounts(database),
        preferences=PreferenceStore(database),
        views=SavedViews(database, clock=clock),
        browser_sessions=BrowserSessions(database, clock=clock),
        api_keys=ApiKeys(database, clock=clock),
        key_use=key_use,
        session_use=session_use,
        hub=hub,
        ingest=ingest,
        predictions=PredictionList(database, dashboard, clock=clock),
        customers=CustomerList(database, dashboard, users=lookup, lane=lane, patience=PATIENCE, clock=clock),
        records=CustomerRecords(database, clock=clock),
        exports=exports,
        uploads=uploads,
        visits=visits,
        news=NewsSinceVisit(
            database,
            dashboard,
            visits,
            seen=hub.seen,
            notice=hub.notice,
            users=lookup,
            lane=lane,
            patience=PATIENCE,
            clock=clock,
        ),
        upkeep=RollupUpkeep(database, bands=bands, clock=clock),
        workspace=Workspace(database, ingest, hub, bands=bands, rng=random.Random()),
        supervisor=supervisor,
        counters=counters,
        lag=LoopLag(on_held=counters.held),
        access=access,
        socket_server=server,
        sockets=sockets,
        page_registry=PageRegistry(auth),
        request_timeouts=RequestTimeouts(
            RequestLimits(silent_per_address=settings.max_connections_per_address), counters=counters
        ),
    )


def _socket_server(settings: Settings, counters: Counters) -> SocketServer:
    limits = Limits(
        total=settings.max_connections,
        per_user=settings.max_connections_per_user,
        per_address=settings.max_connections_per_address,
        unauthenticated=settings.max_connections_unauthenticated,
    )
    return SocketServer(
        allowed_origins=settings.public_origins,
        limits=ConnectionLimits(limits, counters=counters),
        counters=counters,
        max_frame=settings.max_message_kb * 1024,
        events_per_second=settings.events_per_second,
    )


def create_app(services: Services) -> ASGIApp:
    """The ASGI application; nothing registers itself at import."""
    app = FastAPI(
        title='Churnboard',
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,  # what tools name their functions after
        lifespan=lifespan(services),
    )
    app.add_middleware(BodyLimit, limits=BODIES, otherwise=MAX_BODY)
    app.add_middleware(SignInGate, auth=services.auth, settings=services.settings, pages=PAGES, also_open=('/metrics',))
    app.add_middleware(QuietDisconnects)
    app.add_middleware(KeptFiles)
    install_error_handlers(app)
    add_rest(app, services)
    app.mount('/assets', GZipMiddleware(AssetFiles()))
    live = socketio.ASGIApp(services.socket_server, socketio_path=None)
    app.mount('/socket.io', live)
    add_pages(app, services)
    return LiveDoor(app, live, settings=services.settings)
