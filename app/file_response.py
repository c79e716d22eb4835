"""A file of ours that may be deleted while it is asked for, or sent."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from services.errors import NotFound

BLOCK = 64 * 1024


class OpenedFileResponse(FileResponse):
    """Sends the file as it is when the answer begins, whole, though it be deleted meanwhile.

    The library looks whether there is a file, and opens it later: what was deleted in between would be a failure.

    :param gone: what is said where there is no such file any more.
    """

    def __init__(self, path: Path, *, filename: str, media_type: str, gone: str, headers: dict[str, str]) -> None:
        super().__init__(path, filename=filename, media_type=media_type, headers=headers)
        del self.headers['accept-ranges']
        self._gone = gone

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """:raises NotFound: there is no such file any more; nothing was sent then."""
        try:
            file = await asyncio.to_thread(open, self.path, 'rb')
        except FileNotFoundError:
            raise NotFound(self._gone) from None
        with file:
            left = os.fstat(file.fileno()).st_size
            self.headers['content-length'] = str(left)
            await send({'type': 'http.response.start', 'status': self.status_code, 'headers': self.raw_headers})
            while block := await asyncio.to_thread(file.read, min(left, BLOCK)):
                left -= len(block)
                await send({'type': 'http.response.body', 'body': block, 'more_body': True})
            await send({'type': 'http.response.body', 'body': b''})
