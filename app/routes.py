"""Which addresses there are, and who answers them."""

from __future__ import annotations

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui

from app.api import auth as auth_api
from app.api import (
    customer_records,
    customers,
    documents,
    health,
    keys,
    live_data,
    metrics,
    predictions,
    revenue,
    series,
    session,
    unknown,
    views,
)
from app.api import exports as exports_api
from app.api import uploads as uploads_api
from app.asset_files import ASSETS
from app.page_engine import link_pages
from app.page_log import take_page_logs
from app.page_outbox import sleep_between_messages
from app.page_request import shed_requests
from app.page_socket import spare_updates
from app.pages import login
from app.pages.connect import connect_page
from app.pages.customer import customer_page, customer_page_by_parameter
from app.pages.dashboard import dashboard_page
from app.pages.data import data_page
from app.pages.failure import failure_page
from app.pages.reader import with_preferences
from app.pages.session_end import with_session_end
from app.pages.settings import settings_page
from app.pages.visit import with_visit
from app.services import Services

PAGES = ('/', '/data', '/connect', '/customers', '/customers/*', '/settings')
"""For signed-in people; see ``SignInGate``."""

LINK_NOTICED_SECONDS = 5.0
"""How fast a page notices a dead link: NiceGUI derives its pings from it."""

PAGE_KEPT_SECONDS = 75.0
"""How long a page outlives its link: losses of 45 s, up to 16 s until the next try, and the 8 s one may take."""


def add_rest(app: FastAPI, services: Services) -> None:
    """Everything under ``/api``, and what watches over the server."""
    auth, hub = services.auth, services.hub
    app.include_router(live_data.create_router(auth, hub))  # first: a request is held against one after the other
    app.include_router(health.create_router(services.database))
    app.include_router(
        metrics.create_router(
            services.counters, services.lag, services.socket_server, hub, token=services.settings.metrics_token
        )
    )
    app.include_router(auth_api.create_router(auth))
    app.include_router(session.create_router(auth))
    app.include_router(keys.create_router(auth, services.api_keys))
    app.include_router(
        predictions.create_router(
            auth, services.database, services.ingest, hub, services.predictions, clock=services.clock
        )
    )
    app.include_router(series.create_router(auth, hub))
    app.include_router(exports_api.create_router(auth, services.exports))
    app.include_router(uploads_api.create_router(auth, services.uploads))
    app.include_router(customer_records.create_router(auth, services.database, hub, services.records))
    app.include_router(
        customers.create_router(auth, services.database, hub, services.customers, bands=services.settings.bands)
    )
    app.include_router(views.create_router(auth, services.views))
    app.include_router(revenue.create_router(auth, services.customers))
    app.include_router(documents.create_router(auth, public_origins=services.settings.public_origins))
    app.include_router(unknown.create_router())
    app.include_router(login.create_router(auth, services.page_registry.end))


def add_pages(app: FastAPI, services: Services) -> None:
    """NiceGUI takes what is left; its own socket stays private."""
    for path, title, page in (
        ('/', 'Churnboard', dashboard_page(services)),
        ('/data', 'Data · Churnboard', data_page(services)),
        ('/connect', 'Connect · Churnboard', connect_page(services)),
        ('/customers', 'Customer · Churnboard', customer_page_by_parameter(services)),
        ('/customers/{customer_id:path}', 'Customer · Churnboard', customer_page(services)),
        ('/settings', 'Settings · Churnboard', settings_page(services)),
    ):
        reader = with_session_end(services.auth, with_preferences(services.preferences, page))
        build = with_visit(services.visits, reader)
        ui.page(path, title=title, reconnect_timeout=PAGE_KEPT_SECONDS)(build)
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
    spare_updates()
    shed_requests()
    sleep_between_messages()
    take_page_logs()
    link_pages(services.counters, noticed_seconds=LINK_NOTICED_SECONDS)
