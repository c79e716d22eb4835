"""Our styles, scripts and icon, under an address that changes with them: a browser asks for each once."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS = Path(__file__).parents[1] / 'assets'

FOR_EVER = 'public, max-age=31536000, immutable'
"""A year; with ``immutable`` not even a reload asks again (RFC 8246)."""


def asset_url(name: str) -> str:
    """Where the browser finds an asset.

    One version for all of them, so that what a style sheet names beside itself is there too.
    """
    return f'/assets/{version_of(ASSETS)}/{name}'


@cache
def version_of(folder: Path) -> str:
    """Of all files in it; read once, as nobody changes them while the server runs."""
    found = sha256()
    for file in sorted(each for each in folder.iterdir() if each.is_file()):
        content = file.read_bytes()
        found.update(f'{file.name} {len(content)} '.encode() + content)
    return found.hexdigest()[:12]


class AssetFiles(StaticFiles):
    """Mount it at ``/assets``.

    An address of another version leads to that of this one: a page may have been written before the server was
    replaced by a newer one, or by its neighbour.
    """

    def __init__(self) -> None:
        super().__init__(directory=ASSETS)

    async def get_response(self, path: str, scope: Scope) -> Response:
        asked = Path(path)
        response = await super().get_response(asked.name, scope)
        address = asset_url(asked.name)
        if f'/assets/{asked.as_posix()}' != address:
            return RedirectResponse(address, headers={'Cache-Control': 'no-store'})
        response.headers['Cache-Control'] = FOR_EVER
        return response
