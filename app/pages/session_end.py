"""When the browser session behind a page ends: known before the page is built, as its reader's preferences are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, Protocol

from nicegui import Client, ui

from services.identity import Identity
from services.session_life import SessionEnd

P = ParamSpec('P')
SESSION_END = 'churnboard.session_end'


class KnowsSessions(Protocol):
    def session_end(self, identity: Identity) -> SessionEnd | None: ...


def with_session_end(auth: KnowsSessions, page: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """The page builder, with the end of its session at hand."""

    @wraps(page)
    async def build(*args: P.args, **kwargs: P.kwargs) -> None:
        scope = ui.context.client.request.scope
        scope[SESSION_END] = auth.session_end(scope['churnboard.identity'])
        await page(*args, **kwargs)

    return build


def session_end_of(client: Client) -> SessionEnd | None:
    """Of the session behind a page that is being built."""
    found = client.request.scope.get(SESSION_END)
    return found if isinstance(found, SessionEnd) else None
