"""A file without a name that one thread writes and another reads meanwhile: gone with the process, whatever ends it."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO, cast

from services.errors import Unavailable

RESERVE = 256 * 1024 * 1024
"""Bytes on the disk that are left to the database."""

CHECK_EACH = 8 * 1024 * 1024
"""Bytes after which the disk is looked at again."""

BLOCK = 128 * 1024

FULL = 'There is too little room left on the disk of the server to prepare this export. Tell whoever runs it.'


class Spool:
    """A client that reads slowly takes room on the disk, and neither memory nor a transaction."""

    def __init__(self, folder: Path) -> None:
        """:raises Unavailable: the disk is full, or cannot be written."""
        self._folder = folder
        self._lock = Lock()
        self._checked = 0
        with _translated_failures():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_room()
            file = tempfile.TemporaryFile(dir=folder, buffering=BLOCK)  # noqa: SIM115 -- closed by close()
            self.file = cast(BinaryIO, file)

    def flush(self) -> int:
        """Let it be read as far as it was written: so many bytes.

        :raises Unavailable: the disk is full.
        """
        with _translated_failures():
            self.file.flush()
            size = self.file.tell()
            if size - self._checked >= CHECK_EACH:
                self._checked = size
                self._check_room()
        return size

    def read(self, start: int, end: int) -> bytes:
        """A block of what lies between; nothing once it is closed."""
        with self._lock:
            if self.file.closed:
                return b''
            return os.pread(self.file.fileno(), min(BLOCK, end - start), start)

    def close(self) -> None:
        with self._lock:
            self.file.close()

    def _check_room(self) -> None:
        if shutil.disk_usage(self._folder).free < RESERVE:
            raise Unavailable(FULL, retry_after=60)


@contextmanager
def _translated_failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        raise Unavailable(FULL, retry_after=60) from error
