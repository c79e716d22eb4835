"""The page at ``/connect``: what a developer needs to reach this server from a program, ready to be copied."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from itertools import groupby

from nicegui import Client, ui

from app.pages.board_services import BoardIdentity
from app.pages.connect_services import ConnectServices
from app.pages.connect_snippets import Snippet, snippets
from app.pages.dashboard import send_away
from app.pages.first_show import first_show
from app.pages.frame import frame
from app.pages.key_desk import KeyDesk
from app.pages.page_zone import follow_zone
from app.pages.saving import UNEXPECTED
from app.pages.updates import Updates
from app.public_address import public_origin
from components.code_snippet import CodeSnippet
from components.light_element import LightElement
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
        await page.first_show()

    return connect


class ConnectPage:
    """One tab. Of what is on it the API keys alone are kept up to date: the token never comes by here."""

    def __init__(self, services: ConnectServices, identity: BoardIdentity, client: Client) -> None:
        self._hub = services.hub
        self._user_id = identity.user_id
        self._client = client
        self._updates = Updates(
            services.preferences, identity.user_id, client, self.look, beat=services.settings.refresh_seconds
        )
        origin = public_origin(client.request.scope, services.settings.public_origins)
        with (
            frame(
                'Connect a program',
                identity,
                path='/connect',
                assets=('keys.css', 'connect.css', 'clipboard.js', 'keys.js', 'connect.js'),
                updates=self._updates,
            ) as self._connection,
            LightElement('div', 'connect'),
        ):
            TokenCard(origin)
            _programs(snippets(origin, email=identity.email))
            self._keys = KeyDesk(services, identity, client)
            _documents()

    async def first_show(self) -> None:
        """Put the keys into the page itself when they are at hand; the first tick brings them otherwise."""
        await first_show(self.look())

    async def look(self) -> None:
        """See whether the server can answer, for the connection's display, and show the keys as they are."""
        try:
            await self._hub.check_user(self._user_id)
            await self._keys.look()
        except ChurnboardError as error:
            self._fail(error.message)
        except Exception:
            log.exception('the connect page could not be refreshed')
            self._fail(UNEXPECTED)
        else:
            self._succeed()

    def _succeed(self) -> None:
        seen = self._hub.seen(self._user_id)
        if not self._client.is_deleted:
            self._updates.shown(0)
            self._connection.show_delayed(False)
            if seen is not None:
                follow_zone(self._connection, seen)
                self._connection.show(seen.at)

    def _fail(self, reason: str) -> None:
        if not self._client.is_deleted:
            self._connection.show_delayed(True)
            self._keys.show_problem(reason)


def _programs(programs: tuple[Snippet, ...]) -> None:
    with Panel('Programs', name='programs') as panel:
        panel.show_note('Complete as they stand. The token fills itself in; an API key can take its place.')
        tabs = Tabs('Language')
        for tab, group in groupby(programs, lambda snippet: snippet.tab):
            with tabs.panel(tab):
                for snippet in group:
                    CodeSnippet(snippet.title, snippet.code, note=snippet.note, name=snippet.name)


def _documents() -> None:
    with Panel('Documents', name='documents'), LightElement('ul', 'documents'):
        for path, name, about in DOCUMENTS:
            with LightElement('li'):
                link = Text('a', name).classes('document-link')
                link.props['href'] = path
                Text('p', about).classes('quiet')
