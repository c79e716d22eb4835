"""What a page keeps of the request it was asked by: what was asked, and by whom, not how it was answered.

NiceGUI keeps a page's request as long as the page. On it hang the web server's connection, a parser, the stacks of
every middleware: 20 kB that nobody asks for again once the page's socket is there.
"""

from __future__ import annotations

from nicegui import Client
from nicegui import app as nicegui_app
from starlette.requests import Request, empty_receive, empty_send

ANSWERING = frozenset({'app', 'endpoint', 'extensions', 'router', 'starlette.exception_handlers'})
"""What is in a scope for the time of the answer, besides what FastAPI puts there."""


def shed_requests() -> None:
    """From now on, for all pages of this process."""
    nicegui_app.on_connect(_shed)


def _shed(client: Client) -> None:
    shed(client.request)


def shed(request: Request) -> None:
    """Let go of all that an answered request was answered with."""
    request._receive, request._send = empty_receive, empty_send
    for key in [key for key in request.scope if key in ANSWERING or key.startswith('fastapi_')]:
        del request.scope[key]
