"""The page at ``/``: the live board of the signed-in user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client, background_tasks, core, ui

from app.pages.board import Board
from app.pages.board_services import BoardIdentity, BoardServices
from components.first_picture import first_picture


def dashboard_page(services: BoardServices) -> Callable[[], Awaitable[None]]:
    """The page builder, for the factory to register."""

    async def dashboard() -> None:
        client = ui.context.client
        identity: BoardIdentity = client.request.scope['churnboard.identity']
        if identity.session_hash is not None:
            services.page_registry.add(identity.session_hash, client)
        board = Board(services, identity, client)
        client.on_delete(lambda: send_away(client, path=board.address))
        client.on_delete(services.hub.watch(identity.user_id, on_change=board.updates.tell).close)
        await board.first_show()
        ui.add_body_html(first_picture(client.layout, below=board.below))
        client.on_connect(lambda: _forget_picture(client))

    return dashboard


def _forget_picture(client: Client) -> None:
    """It was sent with the page. NiceGUI would keep it for as long as the tab is open: 15 kB of each."""
    client._body_html = ''


def send_away(client: Client, *, path: str) -> None:
    """Let a tab that still looks at a deleted page ask for it again: whoever is signed out ends at the sign-in.

    :param path: the page's own.

    Not through the client's outbox, which stops with the client.
    """
    background_tasks.create(core.sio.emit('open', {'path': path, 'new_tab': False}, room=client.id))
