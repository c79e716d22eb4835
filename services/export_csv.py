"""Exports as CSV: plain for programs and imports, and as spreadsheets read it right by a double click."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, BinaryIO

from sqlalchemy import Row

from services.clock import from_micros
from services.export_formats import COLUMNS, decimal_text, instant_text
from services.formula_guard import guarded
from services.reason_texts import join_texts
from services.recent import split_reasons
from services.scores import RiskBands

BOM = '\ufeff'


class CsvWriter:
    """UTF-8, commas, CRLF (RFC 4180); numbers and instants as an import reads them."""

    delimiter = ','

    def __init__(self, file: BinaryIO, bands: RiskBands) -> None:
        self._file = file
        self._bands = bands
        self._put([COLUMNS])

    def write(self, page: Sequence[Row[Any]]) -> None:
        self._put([self._cells(row) for row in page])

    def finish(self) -> None:
        """A whole file ends with its last row."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def number(self, millionths: int) -> str:
        return decimal_text(millionths)

    def instant(self, micros: int) -> str:
        return instant_text(micros)

    def _cells(self, row: Row[Any]) -> tuple[str | int | None, ...]:
        """In the order of ``COLUMNS``. What others may have written is guarded; our own words and numbers are not."""
        return (
            guarded(row.customer_id),
            row.customer_name and guarded(row.customer_name),
            self.number(row.score),
            self._bands.level(row.score).value,
            self.instant(row.predicted_at),
            row.status,
            None if row.account_value is None else self.number(row.account_value),
            row.reasons and _reasons(row.reasons),
            row.file_name and guarded(row.file_name),
            row.external_id and guarded(row.external_id),
            row.arrival,
        )

    def _put(self, rows: Sequence[Sequence[str | int | None]]) -> None:
        text = io.StringIO(newline='')
        csv.writer(text, delimiter=self.delimiter).writerows(rows)
        self._file.write(text.getvalue().encode())


class SpreadsheetCsvWriter(CsvWriter):
    """As a spreadsheet takes it: no locale reads ``2026-11-23T08:00:00Z`` as a time, or all the same decimal sign.

    :param decimal: the reader's; where it is a comma, spreadsheets expect semicolons between cells.
    """

    def __init__(self, file: BinaryIO, bands: RiskBands, *, decimal: str) -> None:
        self._decimal = decimal
        self.delimiter = ';' if decimal == ',' else ','
        file.write(BOM.encode())  # else it is read in the code page of the computer
        super().__init__(file, bands)

    def number(self, millionths: int) -> str:
        return decimal_text(millionths).replace('.', self._decimal)

    def instant(self, micros: int) -> str:
        return _seconds(micros // 1_000_000)


@lru_cache(maxsize=4_096)
def _seconds(seconds: int) -> str:
    """In UTC, without a fraction: that would have the locale's decimal sign."""
    return f'{from_micros(seconds * 1_000_000):%Y-%m-%d %H:%M:%S}'


@lru_cache(maxsize=4_096)
def _reasons(lines: str) -> str:
    return guarded(join_texts(split_reasons(lines) or ()))
