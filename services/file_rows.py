"""Files of predictions, whatever their format: their content tells it, never their name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.util import find_spec
from itertools import islice
from typing import BinaryIO

from services.column_guess import guessed_fields
from services.csv_lines import ByteSource
from services.csv_rows import read_csv, sample_csv
from services.errors import InvalidRequest
from services.gzip_stream import GZIP, Unpacked
from services.parquet_rows import read_parquet, sample_parquet
from services.prediction_rows import PredictionRow, RowError
from services.row_file import NO_MAPPING, RowFile

__all__ = ['FileFormat', 'Preview', 'RowFile', 'preview', 'read_rows']

MAX_ROWS = 50_000_000
"""Of one file. What a file that was made to do harm may cost: a small one can unpack to very many rows."""

PARQUET = b'PAR1'
"""What every Parquet file begins and ends with."""

UNPACK_FIRST = 'This is a Parquet file within a gzip file: send the Parquet file itself, which is compressed already.'


class FileFormat(StrEnum):
    CSV = 'csv'
    PARQUET = 'parquet'


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The beginning of a file, for a person to say which of its columns are which of our fields."""

    format: FileFormat
    compressed: bool
    columns: tuple[str, ...]
    """As the file names them."""
    guessed: Mapping[str, str]
    """Column of the file -> our field."""
    rows: tuple[tuple[str, ...], ...]
    """The first rows, one text a column."""


def preview(stream: BinaryIO) -> Preview:
    """Look into a file without taking it in; columns that are missing or hold nonsense do not matter yet.

    :raises InvalidRequest: there is nothing to be seen.
    """
    format, unpacked = _opened(stream)
    sample = sample_parquet(stream) if format is FileFormat.PARQUET else sample_csv(unpacked)
    return Preview(
        format=format,
        compressed=unpacked is not stream,
        columns=sample.columns,
        guessed=guessed_fields(sample.columns),
        rows=sample.rows,
    )


def parquet_is_read() -> bool:
    """Whether this installation has what Parquet needs."""
    return find_spec('pyarrow') is not None


def read_rows(stream: BinaryIO, *, now: datetime, mapping: Mapping[str, str] = NO_MAPPING) -> RowFile:
    """Open a file of predictions: CSV, CSV compressed with gzip, or Parquet.

    It is read row by row: what is held of it does not grow with its length, and what may come out of it is bounded by
    ``MAX_ROWS`` and by ``gzip_stream.MAX_RATIO``.

    :param stream: seekable; read from its beginning.
    :param mapping: column names in the file -> ours, where they differ; a column that is mapped to nothing is not used.
    :raises InvalidRequest: the file as a whole cannot be read; also while the rows are being read.
    """
    format, unpacked = _opened(stream)
    if format is FileFormat.PARQUET:
        file = read_parquet(stream, now=now, mapping=mapping)
    else:
        file = read_csv(unpacked, now=now, mapping=mapping)
    return RowFile(file.ignored, _bounded(file.rows))


def _opened(stream: BinaryIO) -> tuple[FileFormat, ByteSource]:
    """The format, and the file's bytes without the compression around them."""
    start, end = _ends(stream)
    if start == end == PARQUET:
        return FileFormat.PARQUET, stream
    if not start.startswith(GZIP):
        return FileFormat.CSV, stream
    if Unpacked(stream).read(len(PARQUET)) == PARQUET:
        raise InvalidRequest(UNPACK_FIRST)
    stream.seek(0)
    return FileFormat.CSV, Unpacked(stream)


def _ends(stream: BinaryIO) -> tuple[bytes, bytes]:
    """The first bytes and the last ones; leaves the stream at its beginning."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - len(PARQUET)))
    end = stream.read()
    stream.seek(0)
    start = stream.read(len(PARQUET))
    stream.seek(0)
    return start, end


def _bounded(rows: Iterator[PredictionRow | RowError]) -> Iterator[PredictionRow | RowError]:
    yield from islice(rows, MAX_ROWS)
    if next(rows, None) is not None:
        raise InvalidRequest(f'The file holds more than {MAX_ROWS:,} rows: split it into smaller ones.')
