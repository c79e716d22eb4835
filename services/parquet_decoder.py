"""Decodes one Parquet file in a process of its own: a crafted file may crash it, or fill the memory it is allowed.

Run by ``services/parquet_rows.py`` with the number of an open file; imports nothing of ours. Speaks lines of JSON:
says ``{"columns": [...]}``, is asked for ``{"preview": rows}`` or ``{"fields": {ours: theirs}}``, and answers with
``{"rows": n, "texts": {column or field: [...]}}`` as often as it takes, then ``{"end": true}``; or, at any time, with
``{"refused": sentence}``.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

MEMORY = 1024 * 1024 * 1024
SECONDS = 600
"""Of processor time: enough for a hundred million usual rows."""

BATCH = 2_000
READ_AHEAD = 1024 * 1024

MAX_FIELD = 64 * 1024
"""Bytes of one value, as in CSV files."""

USUAL_BATCH = 4 * 1024 * 1024
FEW = 8
"""Rows that are sent together where values are long, so that no answer is longer than ``USUAL_BATCH``."""

SHOWN = 200
"""Characters of a value in a preview."""

DAMAGED = 'The Parquet file is damaged: write it anew and send it again.'
TOO_LARGE = 'The Parquet file takes too much memory to unpack: write it with smaller row groups, or as CSV.'
NO_ZONE = (
    'The times in the column {column} have no time zone, so that nobody knows which instants they are: '
    'write them with one, for example in UTC.'
)
WRONG_TYPE = 'The column {column} has the type {type}, but {field} takes {takes}: convert the column.'
TOO_LONG = 'A value in the column {column} is longer than 64 KiB: shorten it.'

NOTHING, UTC = pa.scalar('', pa.large_string()), pa.scalar('Z', pa.large_string())

Texts = Any
"""An Arrow array of texts; pyarrow comes without types."""


class Refused(Exception):
    """The file cannot be taken; says why to whoever made it."""


def main(file_number: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    try:
        with open(file_number, 'rb', closefd=False) as stream:
            _serve(pq.ParquetFile(stream, buffer_size=READ_AHEAD, pre_buffer=False))
    except Refused as error:
        _say({'refused': str(error)})
    except MemoryError:
        _say({'refused': TOO_LARGE})
    except (pa.ArrowException, OSError, ValueError) as error:
        _say({'refused': DAMAGED, 'because': type(error).__name__})


def _serve(file: Any) -> None:
    _say({'columns': file.schema_arrow.names})
    asked = orjson.loads(sys.stdin.buffer.readline())
    if 'preview' in asked:
        _preview(file, asked['preview'])
    else:
        _rows(file, asked['fields'])
    _say({'end': True})


def _say(message: Mapping[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(message) + b'\n')
    sys.stdout.buffer.flush()


def _preview(file: Any, rows: int) -> None:
    batch = next(file.iter_batches(batch_size=rows, use_threads=False), None)
    if batch is not None:
        _say({'rows': batch.num_rows, 'texts': [_shown(column) for column in batch.columns]})


def _rows(file: Any, fields: Mapping[str, str]) -> None:
    schema = file.schema_arrow
    readers = {field: _reader(field, column, schema.field(column).type) for field, column in fields.items()}
    for batch in file.iter_batches(batch_size=BATCH, columns=list(fields.values()), use_threads=False):
        texts = {field: readers[field](batch.column(column)) for field, column in fields.items()}
        for field, column in fields.items():
            if (pc.max(pc.binary_length(texts[field])).as_py() or 0) > MAX_FIELD:
                raise Refused(TOO_LONG.format(column=column))
        for rows, start in _parts(batch.num_rows, size=sum(column.nbytes for column in texts.values())):
            part = {field: column.slice(start, rows).to_pylist() for field, column in texts.items()}
            _say({'rows': rows, 'texts': part})


def _parts(rows: int, *, size: int) -> Iterator[tuple[int, int]]:
    step = rows if size <= USUAL_BATCH else FEW
    for start in range(0, rows, step):
        yield min(step, rows - start), start


Reader = Callable[[Any], Texts]


def _reader(field: str, column: str, kind: Any) -> Reader:
    """What makes texts of the column, the way they would stand in a CSV file.

    :raises Refused: the column's type says that it cannot hold the field.
    """
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_null(kind) or _is_text(kind):
        return _plain
    takes, accepted = FIELDS[field]
    for test, reader in accepted:
        if test(kind):
            return reader
    if field == 'predicted_at' and types.is_timestamp(kind):
        raise Refused(NO_ZONE.format(column=column))
    raise Refused(WRONG_TYPE.format(column=column, type=kind, field=field, takes=takes))


def _is_text(kind: Any) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_digits(kind: Any) -> bool:
    return bool(types.is_integer(kind) or (types.is_decimal(kind) and kind.scale == 0))


def _is_number(kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _is_instant(kind: Any) -> bool:
    return bool(types.is_timestamp(kind) and kind.tz)


def _is_texts(kind: Any) -> bool:
    lists = (types.is_list, types.is_large_list, types.is_list_view, types.is_large_list_view, types.is_fixed_size_list)
    if not any(test(kind) for test in lists):
        return False
    element = kind.value_type
    return _is_text(element.value_type if types.is_dictionary(element) else element)


def _plain(column: Any) -> Texts:
    """Absent is empty. Floating-point numbers become the shortest text that means them, by their own precision."""
    return pc.fill_null(column.cast(pa.large_string()), NOTHING)


def _instants(column: Any) -> Texts:
    in_utc = column.cast(pa.int64()).cast(pa.timestamp(column.type.unit))
    return pc.fill_null(pc.binary_join_element_wise(in_utc.cast(pa.large_string()), UTC, NOTHING), NOTHING)


def _joined(column: Any) -> Texts:
    # as services/reason_texts.py joins them: a bar within one is written twice
    lists = (
        '|'.join(text.replace('|', '||') for text in texts if text) if texts else '' for texts in column.to_pylist()
    )
    return pa.array(lists, pa.large_string())


FIELDS: Mapping[str, tuple[str, tuple[tuple[Callable[[Any], bool], Reader], ...]]] = {
    'customer_id': ('text or integers', ((_is_digits, _plain),)),
    'churn_score': ('numbers or text', ((_is_number, _plain),)),
    'predicted_at': ('timestamps with a time zone, or text', ((_is_instant, _instants),)),
    'external_id': ('text or integers', ((_is_digits, _plain),)),
    'customer_name': ('text', ()),
    'account_value': ('numbers or text', ((_is_number, _plain),)),
    'reasons': ('text or lists of text', ((_is_texts, _joined),)),
    'status': ('text', ()),
}
"""What each field takes besides text, and how it becomes text."""


def _shown(column: Any) -> list[str]:
    """A column of any type for a person to recognise."""
    kind = column.type
    try:
        texts = (_joined if _is_texts(kind) else _instants if _is_instant(kind) else _plain)(column)
        return [cast(str, text)[:SHOWN] for text in texts.to_pylist()]
    except (pa.ArrowException, TypeError):
        return [str(value)[:SHOWN] if value.is_valid else '' for value in column]


if __name__ == '__main__':
    main(int(sys.argv[1]))
