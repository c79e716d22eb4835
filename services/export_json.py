"""Exports as JSON: one array, or an object a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import orjson
from sqlalchemy import Row

from services.export_formats import instant_text
from services.recent import split_reasons
from services.scores import RiskBands, from_millionths


class JsonWriter:
    """An array; its closing bracket says that all rows are there."""

    def __init__(self, file: BinaryIO, bands: RiskBands) -> None:
        self._file = file
        self._bands = bands
        self._before = b'[\n'

    def write(self, page: Sequence[Row[Any]]) -> None:
        if page:
            self._file.write(self._before + b',\n'.join([orjson.dumps(record(row, self._bands)) for row in page]))
            self._before = b',\n'

    def finish(self) -> None:
        self._file.write(b'[\n]\n' if self._before == b'[\n' else b'\n]\n')

    def close(self) -> None:
        """There is nothing to let go of."""


class NdjsonWriter:
    """The same objects, each on a line of its own."""

    def __init__(self, file: BinaryIO, bands: RiskBands) -> None:
        self._file = file
        self._bands = bands

    def write(self, page: Sequence[Row[Any]]) -> None:
        lines = [orjson.dumps(record(row, self._bands), option=orjson.OPT_APPEND_NEWLINE) for row in page]
        self._file.write(b''.join(lines))

    def finish(self) -> None:
        """A whole file ends with its last row."""

    def close(self) -> None:
        """There is nothing to let go of."""


def record(row: Row[Any], bands: RiskBands) -> dict[str, Any]:
    """A prediction with the keys of ``COLUMNS``."""
    return {
        'customer_id': row.customer_id,
        'customer_name': row.customer_name,
        'churn_score': from_millionths(row.score),
        'risk_level': bands.level(row.score).value,
        'predicted_at': instant_text(row.predicted_at),
        'status': row.status,
        'account_value': None if row.account_value is None else row.account_value / 1_000_000,
        'reasons': split_reasons(row.reasons),
        'file_name': row.file_name or None,
        'external_id': row.external_id,
        'id': str(row.arrival),
    }
