"""Which page a request was sent from: the defence against other sites using a visitor's cookie."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import Scope

OWN_FETCHES = ('same-origin', 'none')
"""``none``: the visitor typed the address or opened a bookmark."""


def is_same_origin(scope: Scope, public_origins: Collection[str]) -> bool:
    """Whether the request comes from one of our own pages, or from no page at all.

    Browsers name the sending page's origin where it matters; programs that are no browser send neither header and
    carry nobody else's cookies.
    """
    headers = Headers(scope=scope)
    origins = headers.getlist('origin')
    if not origins:
        return headers.get('sec-fetch-site', 'none') in OWN_FETCHES
    return len(origins) == 1 and origins[0].lower() in (own_origin(scope), *public_origins)


def own_origin(scope: Scope) -> str:
    """``scheme://host`` as the browser wrote it, behind a trusted proxy too."""
    scheme = {'ws': 'http', 'wss': 'https'}.get(scope['scheme'], scope['scheme'])
    return f'{scheme}://{Headers(scope=scope).get("host", "")}'.lower()


def safe_target(target: str | None) -> str:
    """A path of our own to go to after sign-in; ``/`` for anything that could lead elsewhere."""
    if not target or len(target) > 2000 or not target.startswith('/') or target.startswith(('//', '/login', '/logout')):
        return '/'
    # Browsers read a backslash as a slash and skip tabs and newlines: "/\t/evil.example" is another host.
    return target if target.isascii() and target.isprintable() and '\\' not in target and ' ' not in target else '/'
