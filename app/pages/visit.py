"""While a page of somebody is connected, that person is here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, Protocol

from nicegui import Client, ui

P = ParamSpec('P')


class Presence(Protocol):
    def come(self) -> None: ...
    def leave(self) -> None: ...


class Visits(Protocol):
    def open(self, user_id: int) -> Presence: ...


def with_visit(visits: Visits, page: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """The page builder, whose reader is here from when it is built until its browser has gone."""

    @wraps(page)
    async def build(*args: P.args, **kwargs: P.kwargs) -> None:
        client = ui.context.client
        presence = visits.open(client.request.scope['churnboard.identity'].user_id)
        client.on_connect(presence.come)
        client.on_disconnect(lambda: _leave(client, presence))
        client.on_delete(presence.leave)
        await page(*args, **kwargs)

    return build


def _leave(client: Client, presence: Presence) -> None:
    if not client.has_socket_connection:  # else another connection of the page has taken its place already
        presence.leave()
