"""Parquet files as rows, one at a time, by the rules of CSV files: a value is what its text would be there."""

from __future__ import annotations

import io
import logging
import shutil
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

import orjson

from services.csv_header import Header, column_names, read_header
from services.errors import InvalidRequest
from services.prediction_rows import FIELDS, PredictionRow, RowError, RowParser
from services.row_file import NO_MAPPING, PREVIEWED, RowFile, Sample, sample

log = logging.getLogger(__name__)

DECODER = Path(__file__).with_name('parquet_decoder.py')
LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; the decoder's longest is 4 MiB before characters are escaped."""

PIPE_BUFFER = 64 * 1024

ENVIRONMENT = {'ARROW_DEFAULT_MEMORY_POOL': 'system'}
"""The other pools reserve more than the decoder is allowed. Of our environment, secrets and all, it needs nothing."""

NOT_INSTALLED = (
    'Parquet files cannot be read by this installation: have pip install ".[parquet]" run for it, '
    'or send the table as CSV.'
)
UNREADABLE = 'The Parquet file cannot be read: it is damaged. Write it anew and send it again.'
NO_ROWS = 'The file holds no rows.'


def read_parquet(stream: BinaryIO, *, now: datetime, mapping: Mapping[str, str] = NO_MAPPING) -> RowFile:
    """Open a Parquet file. A row's line is its number, counted from 1.

    :param mapping: column names in the file -> ours, where they differ.
    :raises InvalidRequest: the file as a whole cannot be read; also while the rows are being read.
    """
    decoder = _Decoder(stream)
    names = decoder.columns()
    header = read_header(names, mapping)
    return RowFile(header.ignored, _rows(decoder, _fields(names, header), RowParser(now=now)))


def sample_parquet(stream: BinaryIO) -> Sample:
    """The first rows, whatever their types.

    :raises InvalidRequest: as with ``read_parquet``, but for columns that are missing or of a wrong type.
    """
    decoder = _Decoder(stream)
    columns = column_names(decoder.columns())
    rows = [row for answer in decoder.ask({'preview': PREVIEWED}) for row in zip(*answer['texts'], strict=True)]
    if not rows:
        raise InvalidRequest(NO_ROWS)
    return sample(columns, rows)


def _fields(names: list[str], header: Header) -> dict[str, str]:
    """Our fields in the file -> what it calls them."""
    return {field: names[at] for field, at in zip(FIELDS, header.positions, strict=True) if at >= 0}


def _rows(decoder: _Decoder, fields: Mapping[str, str], parser: RowParser) -> Iterator[PredictionRow | RowError]:
    line = 1
    for answer in decoder.ask({'fields': fields}):
        columns = [answer['texts'].get(field) for field in FIELDS]
        rows = parser.good_rows(line, columns)
        if rows is None:
            texts = [column or [''] * answer['rows'] for column in columns]
            yield from map(parser.parse, count(line), zip(*texts, strict=True))
        else:
            yield from rows
        line += answer['rows']
    if line == 1:
        raise InvalidRequest(NO_ROWS)


class _Decoder:
    """The process that decodes one file. It ends with the answer to its one question, or with this object."""

    def __init__(self, stream: BinaryIO) -> None:
        if find_spec('pyarrow') is None:
            raise InvalidRequest(NOT_INSTALLED)
        with _real_file(stream) as file:
            self._process = subprocess.Popen(
                [sys.executable, '-P', str(DECODER), str(file.fileno())],
                bufsize=PIPE_BUFFER,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[file.fileno()],
                env=ENVIRONMENT,
                start_new_session=True,  # Ctrl-C is for us
            )
        self._end = weakref.finalize(self, _end, self._process)

    def columns(self) -> list[str]:
        return cast(list[str], self._answer()['columns'])

    def ask(self, question: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """:raises InvalidRequest: the file cannot be read, or not further."""
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(orjson.dumps(question) + b'\n')
            stdin.flush()
            while 'end' not in (answer := self._answer()):
                yield answer
        except BrokenPipeError:
            raise self._unreadable() from None
        finally:
            self._end()

    def _answer(self) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        line = stdout.readline(LONGEST_ANSWER)
        if not line.endswith(b'\n'):
            raise self._unreadable()
        answer: dict[str, Any] = orjson.loads(line)
        if 'refused' in answer:
            self._end()
            log.info('A Parquet file was refused: %s', answer.get('because', 'not what we take'))
            raise InvalidRequest(answer['refused'])
        return answer

    def _unreadable(self) -> InvalidRequest:
        self._end()
        log.warning('Decoding a Parquet file ended with code %s', self._process.returncode)
        return InvalidRequest(UNREADABLE)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with suppress(BrokenPipeError):  # it had been asked something that it did not live to read
            pipe.close()


@contextmanager
def _real_file(stream: BinaryIO) -> Iterator[BinaryIO]:
    """The stream as something that another process can inherit."""
    try:
        stream.fileno()
    except io.UnsupportedOperation:
        with TemporaryFile() as file:
            shutil.copyfileobj(stream, file)
            file.flush()
            yield cast(BinaryIO, file)
    else:
        yield stream
