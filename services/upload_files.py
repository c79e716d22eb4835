"""Where uploads lie until they are taken in: private files under names of our own, gone with the run of the server.

Everything here blocks: run it on a worker thread.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from services.errors import Unavailable

log = logging.getLogger(__name__)

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_ROOM = (
    'There is no room left on the disk of the server for this upload: nothing was taken. '
    'Free some space, then send it again.'
)
UNWRITABLE = 'The server cannot keep files at the moment; its log tells why. Nothing was taken.'


class UploadFolder:
    """A folder for the files of this run.

    It is locked for as long as we live: a start removes the folders of runs that ended, and of no other.

    :param root: the folder of all runs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._run = root / secrets.token_hex(8)
        self._preparing = Lock()
        self._held: int | None = None

    def sweep(self) -> None:
        """Remove what earlier runs left behind; a folder that cannot be used is logged, and told to who uploads."""
        try:
            with _locked(self._root):
                self._remove_abandoned()
        except FileNotFoundError:
            pass  # nobody ever uploaded anything
        except OSError:
            log.exception('The folder of the uploads could not be tidied up')

    def new_file(self) -> ReceivedFile:
        """A file that is created by the first bytes written to it."""
        return ReceivedFile(self._run / secrets.token_hex(16))

    def prepare(self) -> None:
        """Create the folder where there is none yet.

        :raises Unavailable: it cannot be created.
        """
        with self._preparing, disk_failures():
            if self._held is None:
                self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
                with _locked(self._root):
                    self._run.mkdir(mode=0o700)
                    self._held = _lock(self._run)

    def close(self) -> None:
        """Remove all files of this run."""
        if self._held is not None:
            shutil.rmtree(self._run, ignore_errors=True)
            os.close(self._held)
            self._held = None

    def _remove_abandoned(self) -> None:
        for path in self._root.iterdir():
            if not path.is_dir() or path.is_symlink():
                path.unlink()
            elif (held := _lock(path)) is not None:
                shutil.rmtree(path)
                os.close(held)


class ReceivedFile:
    """An upload's bytes: written as they come, then read as often as it takes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.errors_path = path.with_suffix('.csv')
        """Where the rows go that are rejected when it is read."""
        self.size = 0
        self._hash = hashlib.sha256()
        self._writing = Lock()
        self._removed = False

    @property
    def content_hash(self) -> str:
        """SHA-256 of what was written, in hexadecimal digits."""
        return self._hash.hexdigest()

    def write(self, block: bytes | bytearray) -> None:
        """:raises Unavailable: the disk is full, or cannot be written."""
        with self._writing, disk_failures():
            if not self._removed:
                self._append(block)
                self._hash.update(block)
                self.size += len(block)

    def open(self) -> BinaryIO:
        return self.path.open('rb')

    def remove(self) -> None:
        """Also while somebody still writes, whom nobody waits for any more: it does not come back."""
        with self._writing:
            self._removed = True
            self.path.unlink(missing_ok=True)

    def _append(self, block: bytes | bytearray) -> None:
        with open(self.path, 'ab', buffering=0, opener=private) as file:
            rest = memoryview(block)
            while rest:
                rest = rest[file.write(rest) :]


def private(path: str, flags: int) -> int:
    """Opens a file so that its owner alone can read it."""
    return os.open(path, flags, 0o600)


@contextmanager
def disk_failures() -> Iterator[None]:
    """:raises Unavailable: instead of any ``OSError``."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise Unavailable(NO_ROOM, retry_after=60) from error
        log.exception('A file of an upload could not be written')
        raise Unavailable(UNWRITABLE, retry_after=60) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Others wait meanwhile: nobody sweeps a folder between its creation and its locking."""
    with contextlib.ExitStack() as stack:
        descriptor = os.open(folder, os.O_RDONLY)
        stack.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _lock(folder: Path) -> int | None:
    """Lock a folder until the descriptor is closed or the process ends; ``None`` while somebody else has it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
