"""CSV files as rows, one at a time: a file of any length takes the same memory."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import BinaryIO

from services.csv_header import Header, read_header
from services.csv_lines import CsvLines
from services.errors import InvalidRequest
from services.prediction_rows import FIELDS, WHOLE_ROW, PredictionRow, RowError, RowParser, row_error

DELIMITERS = ',;\t'
MAX_FIELD = 64 * 1024
TEXTS = tuple(FIELDS.index(field) for field in ('customer_id', 'external_id', 'customer_name', 'reasons'))
GUARDED = re.compile("'+[=+@\\t\\r-]")
"""Begins a text that an export kept spreadsheets from running as a formula: the first apostrophe is not its own."""

NO_MAPPING: Mapping[str, str] = {}
NO_ROWS = 'The file holds no rows: after the line with the column names, each line is one prediction.'


@dataclass(frozen=True)
class CsvFile:
    """An opened file: its header is read and known to be good, its rows are yet to come, once."""

    ignored: tuple[str, ...]
    """Columns of the file that are not used."""
    rows: Iterator[PredictionRow | RowError]

    def __iter__(self) -> Iterator[PredictionRow | RowError]:
        return self.rows


def read_csv(stream: BinaryIO, *, now: datetime, mapping: Mapping[str, str] = NO_MAPPING) -> CsvFile:
    """Open a CSV file: UTF-8, a header line, separated by commas, semicolons or tabs.

    :param mapping: column names in the file -> ours, where they differ.
    :raises InvalidRequest: the file as a whole cannot be read; also while the rows are being read.
    """
    lines = CsvLines(stream)
    first = next((line for line in _filled(lines)), None)
    if first is None:
        raise InvalidRequest(NO_ROWS)
    delimiter = max(DELIMITERS, key=_unquoted(first).count)
    # Strict, so that text after a closing quote is reported instead of being glued to the cell.
    records = _records(csv.reader(chain([first], lines), delimiter=delimiter, strict=True), lines)
    header_line = next(records)
    if isinstance(header_line, RowError):
        raise InvalidRequest(f'The line with the column names cannot be read. {header_line.reason}')
    header = read_header(header_line[1], mapping)
    return CsvFile(header.ignored, _rows(records, header, RowParser(now=now)))


def _filled(lines: CsvLines) -> Iterator[str]:
    for line in lines:
        if line.strip():
            yield line
        else:
            lines.next_row()


def _unquoted(line: str) -> str:
    return ''.join(line.split('"')[::2])


Record = tuple[int, list[str]]


def _records(reader: Iterator[list[str]], lines: CsvLines) -> Iterator[Record | RowError]:
    """The cells of each record with the line it begins on; blank lines are passed over."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _unreadable(error, lines)
        else:
            if lines.row_size > MAX_FIELD and max(map(len, cells)) > MAX_FIELD:
                raise InvalidRequest(_open_quote(lines.row_start))
            if cells:
                yield lines.row_start, cells
        lines.next_row()


def _rows(
    records: Iterator[Record | RowError], header: Header, parser: RowParser
) -> Iterator[PredictionRow | RowError]:
    columns, parse, pick = header.columns, parser.parse, itemgetter(*header.positions)
    empty = True
    for record in records:
        if isinstance(record, RowError):
            row: PredictionRow | RowError = record
        else:
            line, cells = record
            if len(cells) == columns:
                cells.append('')  # what position -1 picks: a field the file does not have
                row = parse(line, _unguarded(pick(cells)))
            else:
                row = row_error(line, WHOLE_ROW, ', '.join(cells[:3]), _cell_count(len(cells), columns))
            if isinstance(row, RowError) and not any(cell.strip() for cell in cells):
                continue  # spreadsheets export the empty rows below a table as separators without a value
        empty = False
        yield row
    if empty:
        raise InvalidRequest(NO_ROWS)


def _unguarded(texts: Sequence[str]) -> Sequence[str]:
    """The texts without the apostrophes that an export put before them."""
    if "'" not in ''.join(texts):
        return texts
    return [text[1:] if place in TEXTS and GUARDED.match(text) else text for place, text in enumerate(texts)]


def _unreadable(error: csv.Error, lines: CsvLines) -> RowError:
    """A row that breaks the rules of CSV. Reading goes on with the line after it.

    :raises InvalidRequest: where it ends cannot be known.
    """
    text = str(error)
    if 'unexpected end' in text or 'field limit' in text:
        raise InvalidRequest(_open_quote(lines.row_start)) from error
    if 'new-line' in text:
        return row_error(lines.row_start, WHOLE_ROW, '', 'A line break (CR) stands within the row: remove it.')
    if lines.read > lines.row_start:
        reason = (
            f'The quotation marks on lines {lines.row_start} to {lines.read} do not match: correct all these lines.'
        )
    else:
        reason = 'The quotation marks do not match: double those that belong to the text, as in "the ""best"" offer".'
    return row_error(lines.row_start, WHOLE_ROW, '', reason)


def _open_quote(line: int) -> str:
    return f'The row on line {line} holds a value longer than 64 KiB, or a quotation mark that is never closed.'


def _cell_count(found: int, expected: int) -> str:
    return f'The row has {found} cells, the header {expected}: check for separators inside values that need quotes.'
