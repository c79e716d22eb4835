"""Files of uploads on the disk, received and removed on threads of their own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from services.errors import InvalidRequest, TooLarge
from services.file_rows import Preview, preview
from services.upload_files import ReceivedFile, UploadFolder
from services.workers import Workers

T = TypeVar('T')

log = logging.getLogger(__name__)

THREADS = 4

BLOCK = 1024 * 1024
"""Bytes that are written at a time: a change of threads for each packet would cost more than the writing."""

IDLE_SECONDS = 60.0
"""After this long without a byte whoever sends is taken for gone."""

CLOSE_SECONDS = 2.0

GONE = 'The file of this upload is no longer kept: send it again.'


class UploadStorage:
    """Keeps files as they come in, never all of one in memory.

    :param max_bytes: how large one may be.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder = UploadFolder(folder)
        self._max_bytes = max_bytes
        self._workers = Workers(THREADS, name='upload-file')

    async def sweep(self) -> None:
        """Remove what earlier runs left behind."""
        await self._run(self._folder.sweep)

    @asynccontextmanager
    async def received(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[ReceivedFile]:
        """Write what comes to a new file, which goes again if anything fails until the end of the context.

        :raises TooLarge: there is more than may come.
        :raises InvalidRequest: there is nothing, or it stopped coming.
        :raises Unavailable: the disk is full, or cannot be written.
        """
        async with AsyncExitStack() as on_failure:
            await self._run(self._folder.prepare)
            file = self._folder.new_file()
            on_failure.push_async_callback(self.remove, file)
            await self._fill(file, chunks)
            yield file
            on_failure.pop_all()

    def check_size(self, size: int) -> None:
        """:raises TooLarge: no file may have as many bytes."""
        if size > self._max_bytes:
            raise TooLarge(
                f'The file is larger than {self._max_bytes // 1_000_000:,} MB, the most this server takes: split it, '
                'compress it with gzip, or have CHURNBOARD_MAX_UPLOAD_MB raised.'
            )

    async def preview(self, file: ReceivedFile) -> Preview:
        """:raises InvalidRequest: the file cannot be read, or is gone."""

        def read() -> Preview:
            with file.open() as stream:
                return preview(stream)

        try:
            return await self._run(read)
        except FileNotFoundError as error:
            raise InvalidRequest(GONE) from error

    async def remove(self, *files: ReceivedFile | Path) -> None:
        """Remove what is still there of them."""

        def remove() -> None:
            for file in files:
                try:
                    file.unlink(missing_ok=True) if isinstance(file, Path) else file.remove()
                except OSError:  # the next start sweeps it
                    log.exception('A file of an upload could not be removed')

        with contextlib.suppress(RuntimeError):  # once we have closed, the folder is gone as a whole
            await self._run(remove)

    def close(self) -> None:
        """Remove all files; blocks for a moment."""
        self._workers.close()
        self._workers.join(until=time.monotonic() + CLOSE_SECONDS)
        self._folder.close()

    async def _fill(self, file: ReceivedFile, chunks: AsyncIterator[bytes]) -> None:
        received, block = 0, bytearray()
        async for chunk in _in_time(chunks):
            received += len(chunk)
            self.check_size(received)
            block += chunk
            if len(block) >= BLOCK:
                await self._run(partial(file.write, block))
                block = bytearray()
        if not received:
            raise InvalidRequest('The upload is empty: send the file itself as the body.')
        await self._run(partial(file.write, block))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._workers.submit(work))


async def _in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise InvalidRequest(
                f'No byte of the file came for {IDLE_SECONDS:.0f} seconds: nothing was taken. Send it again.'
            ) from error
        yield chunk
