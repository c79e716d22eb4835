"""The formats of an export, and what each of its rows says in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Row

from services.clock import from_micros, rfc3339
from services.errors import InvalidRequest

COLUMNS = (
    'customer_id',
    'customer_name',
    'churn_score',
    'risk_level',
    'predicted_at',
    'status',
    'account_value',
    'reasons',
    'file_name',
    'external_id',
    'id',
)
"""Named as an import names them."""

DECIMALS = ('.', ',')


class ExportFormat(StrEnum):
    CSV = 'csv'
    """For programs, and for taking the rows in again."""
    CSV_EXCEL = 'csv-excel'
    """For spreadsheets: BOM, the reader's decimal sign, times as they recognise them."""
    JSON = 'json'
    NDJSON = 'ndjson'
    XLSX = 'xlsx'

    @property
    def suffix(self) -> str:
        return 'csv' if self is ExportFormat.CSV_EXCEL else self.value

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self]

    @property
    def is_sent_while_written(self) -> bool:
        """Whether its first bytes are final before the last row is known."""
        return self is not ExportFormat.XLSX


MEDIA_TYPES = {
    ExportFormat.CSV: 'text/csv; charset=utf-8',
    ExportFormat.CSV_EXCEL: 'text/csv; charset=utf-8',
    ExportFormat.JSON: 'application/json',
    ExportFormat.NDJSON: 'application/x-ndjson',
    ExportFormat.XLSX: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}


class RowWriter(Protocol):
    """Writes one file."""

    def write(self, page: Sequence[Row[Any]]) -> None: ...

    def finish(self) -> None:
        """Write what comes after the last row."""

    def close(self) -> None:
        """Let go of the file, finished or not."""


def export_format(value: object) -> ExportFormat:
    """:raises InvalidRequest: not a format we write."""
    if isinstance(value, str) and value in set(ExportFormat):
        return ExportFormat(value)
    raise InvalidRequest(f'Formats: {", ".join(ExportFormat)}.', field='format')


def export_decimal(value: object, fmt: ExportFormat) -> str:
    """The decimal sign that is asked for; a point where none is.

    :raises InvalidRequest: it is none, or this format has no choice.
    """
    if value is None or (value == '.' and fmt is not ExportFormat.CSV_EXCEL):
        return '.'
    if value not in DECIMALS:
        raise InvalidRequest('The decimal sign is either "." or ",".', field='decimal')
    if fmt is not ExportFormat.CSV_EXCEL:
        raise InvalidRequest(f'Only {ExportFormat.CSV_EXCEL} has another decimal sign than a point.', field='decimal')
    return str(value)


@lru_cache(maxsize=4_096)
def instant_text(micros: int) -> str:
    """To the millisecond, or to the microsecond where that is needed to be exact."""
    instant = from_micros(micros)
    return f'{instant:%Y-%m-%dT%H:%M:%S.%fZ}' if micros % 1000 else rfc3339(instant)


@lru_cache(maxsize=16_384)
def decimal_text(millionths: int) -> str:
    """Exact: a float has not enough digits for the largest values."""
    whole, fraction = divmod(millionths, 1_000_000)
    return f'{whole}.{fraction:06}'.rstrip('0').rstrip('.')
