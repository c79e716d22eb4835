"""A gzip file unpacked while it is read, with an end to how much may come out of it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import BinaryIO

from services.errors import InvalidRequest

GZIP = b'\x1f\x8b'
"""What every gzip file begins with."""

MAX_RATIO = 100
"""Tables shrink to a tenth or a thirtieth; what shrinks to less than a hundredth was made to fill our disk."""

ALWAYS_ALLOWED = 64 * 1024 * 1024
"""Bytes that may come out of however small a file."""

CUT_OFF = 'The gzip file ends too early, as if it was cut off on its way: send it again.'
DAMAGED = 'The gzip file is damaged: compress it anew and send it again.'
FOLLOWED = 'Something that is no gzip data follows the compressed file: compress it anew and send it again.'
TOO_DENSE = (
    f'The gzip file unpacks to more than {MAX_RATIO} times its size, as no table of predictions does: '
    'send it without compression.'
)


class UnpackError(InvalidRequest):
    """What is left of the file cannot be had; whoever reads it knows how far they came."""


class Unpacked:
    """The bytes in a gzip file, also one of several parts. Holds a few buffers of them, never all.

    As a whole they are bounded by ``MAX_RATIO`` times the file's size: with a limit on that, no small file takes us
    hours to read.

    :raises UnpackError: from every method, with a sentence for whoever sent the file.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._file = gzip.GzipFile(fileobj=stream, mode='rb')
        self._given = 0

    def read(self, size: int) -> bytes:
        """Up to that many bytes; fewer where more would take reading on, so that none are lost to an error there."""
        return self._unpacked(self._file.read1, size)

    def readline(self, size: int) -> bytes:
        return self._unpacked(self._file.readline, size)

    def _unpacked(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            data = read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UnpackError(_reason(error)) from error
        self._given += len(data)
        if self._given > ALWAYS_ALLOWED and self._given > MAX_RATIO * self._stream.tell():
            raise UnpackError(TOO_DENSE)
        return data


def _reason(error: Exception) -> str:
    if isinstance(error, EOFError):
        return CUT_OFF
    return FOLLOWED if str(error).startswith('Not a gzipped file') else DAMAGED
