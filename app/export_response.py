"""A file that is sent while it is made: what is not all of it never ends as if it were."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AbstractAsyncContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.errors import ChurnboardError, NotFound
from services.export_grants import GONE
from services.exports import Download, Lasting

log = logging.getLogger(__name__)

STALL_SECONDS = 60.0
"""After so long without taking a block, whoever receives is taken for gone."""

CHECK_SECONDS = 5.0
"""How long an export may outlive the right to it."""


class ExportResponse(Response):
    """Raises what goes wrong before the first byte, as any other route does.

    After that it returns without ending the answer: the server then drops the connection, which every client takes for
    a failure, since neither the last chunk nor the promised length came.

    :param opened: gives the file, and cleans up after it.
    :param lasts: whether it may still be sent.
    """

    def __init__(self, opened: AbstractAsyncContextManager[Download], *, lasts: Lasting) -> None:
        super().__init__()
        self._opened = opened
        self._lasts = lasts

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send), name='export')
        leaving = asyncio.create_task(_gone(receive), name='whether the export is still wanted')
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.wait({sending, leaving})

    async def _send(self, send: Send) -> None:
        async with self._opened as download:
            await send({'type': 'http.response.start', 'status': 200, 'headers': _headers(download)})
            try:
                await self._send_blocks(download, send)
            except (ChurnboardError, TimeoutError) as error:
                log.warning('An export was cut off: %s', error or 'nobody took it any more')
            except Exception:
                log.exception('An export was cut off')
            else:
                await send({'type': 'http.response.body', 'body': b''})

    async def _send_blocks(self, download: Download, send: Send) -> None:
        checked = time.monotonic()
        async for block in download.blocks():
            async with asyncio.timeout(STALL_SECONDS):
                await send({'type': 'http.response.body', 'body': block, 'more_body': True})
            if time.monotonic() - checked >= CHECK_SECONDS:
                checked = time.monotonic()
                if not await self._lasts(download.grant):
                    raise NotFound(GONE)


def _headers(download: Download) -> list[tuple[bytes, bytes]]:
    grant = download.grant
    headers = {
        'content-type': grant.format.media_type,
        # the name is ours and ASCII: RFC 6266 needs no other form of it
        'content-disposition': f'attachment; filename="{grant.file_name}"',
        'cache-control': 'no-store',
        'x-total-rows': str(download.rows),
    }
    if download.size is not None:
        headers['content-length'] = str(download.size)
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def _gone(receive: Receive) -> None:
    while (await receive())['type'] != 'http.disconnect':
        pass
