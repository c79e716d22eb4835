"""A byte stream as lines of text in constant memory, or a clear word about why it is none."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from services.errors import InvalidRequest

MAX_ROW = 1024 * 1024
"""Bytes of one row with all its columns, and so what is ever held of a file."""

UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SAVE_AS_UTF8 = 'Save it again as "CSV UTF-8".'
CR_ONLY = f'The lines end the way of old Macintoshes (CR only). {SAVE_AS_UTF8}'


class CsvLines:
    """Iterates over the lines. Whoever reads rows from them calls ``next_row()`` after each.

    :raises InvalidRequest: the bytes are no UTF-8 text, or a row does not come to its end.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.read = 0
        """Lines handed out."""
        self.row_start = 1
        """The line the present row began on."""
        self.row_size = 0

    def __iter__(self) -> Iterator[str]:
        readline = self._stream.readline
        while line := readline(MAX_ROW + 1):
            self.read += 1
            self.row_size += len(line)
            if self.row_size > MAX_ROW:
                raise InvalidRequest(self._too_long(line))
            if self.read == 1:
                line = _first(line)
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                raise InvalidRequest(f'Line {self.read} is not UTF-8 text. {SAVE_AS_UTF8}') from error
            yield text

    def next_row(self) -> None:
        self.row_start = self.read + 1
        self.row_size = 0

    def _too_long(self, line: bytes) -> str:
        if self.read == self.row_start and line.count(b'\r') > 1:
            return CR_ONLY
        return f'The row on line {self.row_start} does not end within 1 MiB: look for a quotation mark left open there.'


def _first(line: bytes) -> bytes:
    """The first line without a byte order mark, if it can be the first line of a CSV file."""
    if line.startswith(b'PK\x03\x04'):
        raise InvalidRequest(f'This is an Excel or zip file, not a CSV file. {SAVE_AS_UTF8}')
    if line.startswith(UTF16) or b'\0' in line:
        raise InvalidRequest(f'The file is encoded as UTF-16, or is no text at all. {SAVE_AS_UTF8}')
    if b'\r' in line.rstrip(b'\r\n'):
        raise InvalidRequest(CR_ONLY)
    return line.removeprefix(codecs.BOM_UTF8)
