"""Every long-lived object of a server, by name."""

from __future__ import annotations

from dataclasses import dataclass

from app.page_registry import PageRegistry
from app.request_timeouts import RequestTimeouts
from app.settings import Settings
from services.access_watch import AccessWatch
from services.accounts import Accounts
from services.api_keys import ApiKeys
from services.auth import Auth
from services.browser_sessions import BrowserSessions
from services.clock import Clock
from services.counters import Counters
from services.customer_list import CustomerList
from services.customer_records import CustomerRecords
from services.database import Database
from services.exports import Exports
from services.hub import LiveHub
from services.key_use import KeyUse
from services.loop_lag import LoopLag
from services.prediction_list import PredictionList
from services.predictions import Ingest
from services.preferences import PreferenceStore
from services.rollup_upkeep import RollupUpkeep
from services.saved_views import SavedViews
from services.session_use import SessionUse
from services.socket_server import SocketServer
from services.socket_service import SocketService
from services.supervision import Supervisor
from services.uploads import Uploads
from services.visit_news import NewsSinceVisit
from services.visits import Visits
from services.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Services:
    """Every long-lived object, made once."""

    settings: Settings
    database: Database
    clock: Clock
    auth: Auth
    accounts: Accounts
    preferences: PreferenceStore
    views: SavedViews
    browser_sessions: BrowserSessions
    api_keys: ApiKeys
    key_use: KeyUse
    session_use: SessionUse
    hub: LiveHub
    ingest: Ingest
    predictions: PredictionList
    customers: CustomerList
    records: CustomerRecords
    exports: Exports
    uploads: Uploads
    visits: Visits
    news: NewsSinceVisit
    workspace: Workspace
    upkeep: RollupUpkeep
    supervisor: Supervisor
    counters: Counters
    lag: LoopLag
    access: AccessWatch
    socket_server: SocketServer
    sockets: SocketService
    page_registry: PageRegistry
    request_timeouts: RequestTimeouts
