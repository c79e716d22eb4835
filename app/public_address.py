"""Where this server is reached, as its documents and examples name it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Scope

from app.origins import own_origin


def public_origin(scope: Scope, public_origins: Sequence[str]) -> str:
    """``scheme://host`` of the request, unless there are public origins and it is none of them: then the first.

    What a request calls its host is the caller's word; with public origins set, it is not repeated.
    """
    own = own_origin(scope)
    return own if not public_origins or own in public_origins else public_origins[0]
