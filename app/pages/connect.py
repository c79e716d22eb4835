"""The page at ``/connect``: what a developer needs to reach this server from a program, ready to be copied."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from itertools import groupby

from nicegui import Client, background_tasks, ui

from app.pages.board_services import BoardIdentity
from app.pages.connect_services import ConnectServices
from app.pages.connect_snippets import Snippet, snippets
from app.pages.dashboard import send_away
from app.pages.frame import frame
from app.public_address import public_origin
from components.code_snippet import CodeSnippet
from components.panel import Panel
from components.tabs import Tabs
from components.text import Text
from components.token_card import TokenCard
from services.errors import ChurnboardError

log = logging.getLogger(__name__)

DOCUMENTS = (
    ('/api/docs', 'REST API', 'Every call, with its parameters, answers and errors.'),
    ('/api/openapi.json', 'OpenAPI 3.1 document', 'The same for tools that make code of it.'),
    ('/api/asyncapi', 'Live protocol', 'Every event of the connection in both directions, with examples.'),
    ('/api/asyncapi.json', 'AsyncAPI 3.0 document', 'The same for tools that make code of it.'),
)


def connect_page(services: ConnectServices) -> Callable[[], Awaitable[None]]:
    """The page builder, for the factory to register."""

    async def connect() -> None:
        client = ui.context.client
        identity: BoardIdentity = client.request.scope['churnboard.identity']
        if identity.session_hash is not None:
            services.page_registry.add(identity.session_hash, client)
        client.on_delete(lambda: send_away(client, path='/connect'))
        page = ConnectPage(services, identity, client)
        client.on_delete(services.hub.watch(identity.user_id).close)
        await page.look()

    return connect


class ConnectPage:
    """One tab. Nothing on it changes but what the browser does by itself: the token never comes by here."""

    def __init__(self, services: ConnectServices, identity: BoardIdentity, client: Client) -> None:
        self._hub = services.hub
        self._user_id = identity.user_id
        self._client = client
        self._paused = False
        seconds = services.settings.refresh_seconds
        origin = public_origin(client.request.scope, services.settings.public_origins)
        with (
            frame(
                'Connect a program',
                identity,
                path='/connect',
                assets=('connect.css', 'connect.js'),
                refresh_seconds=seconds,
                on_pause=self._pause,
            ) as self._connection,
            ui.element('div').classes('connect'),
        ):
            TokenCard(origin)
            _programs(snippets(origin, email=identity.email))
            _documents()
        client.on_connect(self._tick)
        ui.timer(seconds, self._tick, immediate=False)

    async def look(self) -> None:
        """See whether the server can answer, for the connection's display."""
        try:
            await self._hub.check_user(self._user_id)
        except ChurnboardError:
            self._connection.show_delayed(True)
        except Exception:
            log.exception('the connect page could not be refreshed')
            self._connection.show_delayed(True)
        else:
            seen = self._hub.seen(self._user_id)
            self._connection.show_delayed(False)
            if seen is not None:
                self._connection.show(seen.at)

    async def _tick(self) -> None:
        if not self._paused and not self._client.is_deleted and self._client.has_socket_connection:
            await self.look()

    def _pause(self, paused: bool) -> None:
        self._paused = paused
        self._connection.show_paused(paused)
        if not paused:
            background_tasks.create(self.look())


def _programs(programs: tuple[Snippet, ...]) -> None:
    with Panel('Programs', name='programs') as panel:
        panel.show_note('Complete as they stand. The token fills itself in.')
        tabs = Tabs('Language')
        for tab, group in groupby(programs, lambda snippet: snippet.tab):
            with tabs.panel(tab):
                for snippet in group:
                    CodeSnippet(snippet.title, snippet.code, note=snippet.note, name=snippet.name)


def _documents() -> None:
    with Panel('Documents', name='documents'), ui.element('ul').classes('documents'):
        for path, name, about in DOCUMENTS:
            with ui.element('li'):
                link = Text('a', name).classes('document-link')
                link.props['href'] = path
                Text('p', about).classes('quiet')
