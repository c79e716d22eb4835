"""How an exported prediction is written: CSV for spreadsheets and imports, JSON for programs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Row

from services.clock import from_micros, rfc3339
from services.errors import InvalidRequest
from services.recent import split_reasons
from services.scores import RiskBands, from_millionths

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

FORMULA = re.compile("'*[=+@\\t\\r\\0-]")
"""Begins a text that a spreadsheet would run, or that an import would take for one made safe from it."""


class ExportFormat(StrEnum):
    CSV = 'csv'
    JSON = 'json'


def export_format(value: object) -> ExportFormat:
    """:raises InvalidRequest: not a format we write."""
    if isinstance(value, str) and value in set(ExportFormat):
        return ExportFormat(value)
    raise InvalidRequest(f'Formats: {", ".join(ExportFormat)}.', field='format')


def _record(row: Row[Any], bands: RiskBands) -> dict[str, Any]:
    level = bands.level(row.score)
    return {
        'customer_id': row.customer_id,
        'customer_name': row.customer_name,
        'churn_score': from_millionths(row.score),
        'risk_level': level.value,
        'predicted_at': _instant(row.predicted_at),
        'status': row.status,
        'account_value': None if row.account_value is None else row.account_value / 1_000_000,
        'reasons': split_reasons(row.reasons),
        'file_name': row.file_name or None,
        'external_id': row.external_id,
        'id': str(row.arrival),
    }


def json_page(page: Iterable[Row[Any]], bands: RiskBands, first: bool) -> bytes:
    rows = [orjson.dumps(_record(row, bands)) for row in page]
    start = b'[\n' if first else b',\n' if rows else b''
    return start + b',\n'.join(rows)


def csv_page(page: Iterable[Row[Any]], bands: RiskBands, first: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    if first:
        writer.writerow(COLUMNS)
    for row in page:
        record = _record(row, bands)
        record['reasons'] = '|'.join(record['reasons'] or ())
        record['account_value'] = _decimal(row.account_value)
        writer.writerow([_cell(record[column]) for column in COLUMNS])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula is made plain text by an apostrophe; an import takes it off."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def _instant(micros: int) -> str:
    """To the millisecond, or to the microsecond where that is needed to be exact."""
    instant = from_micros(micros)
    return f'{instant:%Y-%m-%dT%H:%M:%S.%fZ}' if micros % 1000 else rfc3339(instant)


def _decimal(millionths: int | None) -> str:
    """Exact: a float has not enough digits for the largest values."""
    if millionths is None:
        return ''
    whole, fraction = divmod(millionths, 1_000_000)
    return f'{whole}.{fraction:06}'.rstrip('0').rstrip('.')
