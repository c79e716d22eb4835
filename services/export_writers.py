"""Which writer makes which format."""

from __future__ import annotations

from typing import BinaryIO

from services.export_csv import CsvWriter, SpreadsheetCsvWriter
from services.export_formats import ExportFormat, RowWriter
from services.export_json import JsonWriter, NdjsonWriter
from services.export_xlsx import XlsxWriter, check_rows
from services.scores import RiskBands


def row_writer(file: BinaryIO, fmt: ExportFormat, *, bands: RiskBands, rows: int, decimal: str = '.') -> RowWriter:
    """
    :param rows: how many there will be.
    :raises InvalidRequest: the format does not hold so many.
    """
    match fmt:
        case ExportFormat.CSV:
            return CsvWriter(file, bands)
        case ExportFormat.CSV_EXCEL:
            return SpreadsheetCsvWriter(file, bands, decimal=decimal)
        case ExportFormat.JSON:
            return JsonWriter(file, bands)
        case ExportFormat.NDJSON:
            return NdjsonWriter(file, bands)
        case ExportFormat.XLSX:
            return XlsxWriter(file, bands, rows=rows)


def check_size(fmt: ExportFormat, rows: int) -> None:
    """:raises InvalidRequest: the format does not hold so many rows."""
    if fmt is ExportFormat.XLSX:
        check_rows(rows)
