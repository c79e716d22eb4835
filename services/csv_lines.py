"""A byte stream as lines of text in constant memory, or a clear word about why it is none."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Protocol

from services.errors import InvalidRequest
from services.gzip_stream import UnpackError

MAX_ROW = 1024 * 1024
"""Bytes of one row with all its columns, and so what is ever held of a file."""

BLOCK = 32 * 1024
"""Bytes that are looked at together where nothing in them needs care: a few hundred rows."""

UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SAVE_AS_UTF8 = 'Save it again as "CSV UTF-8".'
CR_ONLY = f'The lines end the way of old Macintoshes (CR only). {SAVE_AS_UTF8}'

OTHER_KINDS = {
    b'PK\x03\x04': f'This is an Excel or zip file, not a CSV file. {SAVE_AS_UTF8}',
    b'\xd0\xcf\x11\xe0': f'This is an old Excel file, not a CSV file. {SAVE_AS_UTF8}',
    b'%PDF-': 'This is a PDF document, not a CSV file: export the table itself.',
    b'PAR1\x15': 'This Parquet file is incomplete, as if it was cut off on its way: send it again.',
    b'ARROW1\0': 'This is an Arrow or Feather file: write the table as Parquet or CSV.',
    b'\x1f\x8b': 'The file is compressed twice: send it with one gzip only, or with none.',
    b'\x28\xb5\x2f\xfd': 'The file is compressed with zstd: send it with gzip, or without compression.',
    b'\xfd7zXZ': 'The file is compressed with xz: send it with gzip, or without compression.',
    b'BZh91AY&SY': 'The file is compressed with bzip2: send it with gzip, or without compression.',
}
"""How files begin that people send instead of a CSV file, and what to say then."""


class ByteSource(Protocol):
    """What is needed of a binary file."""

    def read(self, size: int, /) -> bytes: ...

    def readline(self, size: int, /) -> bytes: ...


class CsvLines:
    """Iterates over the lines. Whoever reads rows from them calls ``next_row()`` after each.

    Between two rows, ``block()`` gives many lines at once to whoever can take them together, and says so by
    ``taken()``, or else gives them back by ``put_back()``, to be iterated over as well.

    :raises InvalidRequest: the bytes are no UTF-8 text, or a row does not come to its end.
    """

    def __init__(self, stream: ByteSource) -> None:
        self._stream = stream
        self._held: deque[bytes] = deque()
        self.read = 0
        """Lines handed out."""
        self.row_start = 1
        """The line the present row began on."""
        self.row_size = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._held.popleft() if self._held else self._bytes(self._stream.readline, MAX_ROW + 1):
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

    def block(self) -> bytes:
        """The next lines, whole ones; empty at the end of the file."""
        if self._held:
            held = b''.join(self._held)
            self._held.clear()
            return held
        data = self._bytes(self._stream.read, BLOCK)
        return data + self._bytes(self._stream.readline, MAX_ROW + 1) if data[-1:] not in (b'', b'\n') else data

    def taken(self, lines: int) -> None:
        """So many lines were read from the block, each a row."""
        self.read += lines
        self.next_row()

    def put_back(self, block: bytes) -> None:
        self._held.extend(BytesIO(block).readlines())

    @property
    def held(self) -> bool:
        """Whether lines that were put back are still to be read."""
        return bool(self._held)

    def _bytes(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except UnpackError as error:
            reached = f' It could be read up to line {self.read:,}.' if self.read else ''
            raise InvalidRequest(f'{error.message}{reached}') from error

    def _too_long(self, line: bytes) -> str:
        if self.read == self.row_start and line.count(b'\r') > 1:
            return CR_ONLY
        return (
            f'The row on line {self.row_start} does not end within 1 MiB: '
            'look for a quotation mark left open there, or far too many columns.'
        )


def _first(line: bytes) -> bytes:
    """The first line without a byte order mark, if it can be the first line of a CSV file."""
    for start, message in OTHER_KINDS.items():
        if line.startswith(start):
            raise InvalidRequest(message)
    if line.startswith(UTF16) or b'\0' in line:
        raise InvalidRequest(f'The file is encoded as UTF-16, or is no text at all. {SAVE_AS_UTF8}')
    if b'\r' in line.rstrip(b'\r\n'):
        raise InvalidRequest(CR_ONLY)
    return line.removeprefix(codecs.BOM_UTF8)
