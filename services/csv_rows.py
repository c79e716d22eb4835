"""CSV files as rows, one at a time: a file of any length takes the same memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import itemgetter

from services.csv_blocks import MAX_FIELD, TEXTS, columns_of
from services.csv_header import Header, column_names, read_header
from services.csv_lines import ByteSource, CsvLines
from services.errors import InvalidRequest
from services.formula_guard import unguarded
from services.prediction_rows import WHOLE_ROW, PredictionRow, RowError, RowParser, row_error
from services.row_file import NO_MAPPING, NO_ROWS, RowFile, Sample, sample

DELIMITERS = ',;\t'


def read_csv(stream: ByteSource, *, now: datetime, mapping: Mapping[str, str] = NO_MAPPING) -> RowFile:
    """Open a CSV file: UTF-8, a header line, separated by commas, semicolons or tabs.

    :param mapping: column names in the file -> ours, where they differ.
    :raises InvalidRequest: the file as a whole cannot be read; also while the rows are being read.
    """
    table = _opened(stream)
    header = read_header(table.names, mapping)
    return RowFile(header.ignored, _rows(table, header, RowParser(now=now)))


def sample_csv(stream: ByteSource) -> Sample:
    """The first rows as they are, long ones cut and short ones filled to the number of columns.

    :raises InvalidRequest: as with ``read_csv``, but for columns that are missing.
    """
    table = _opened(stream)
    columns = column_names(table.names)
    records = (record[1] for record in table.records if not isinstance(record, RowError))
    return sample(columns, (cells for cells in records if _filled(cells)))


@dataclass(frozen=True)
class _Table:
    """A file whose line with the column names was read."""

    lines: CsvLines
    delimiter: str
    names: list[str]
    records: Iterator[Record | RowError]


def _opened(stream: ByteSource) -> _Table:
    lines = CsvLines(stream)
    lines.put_back(_first_block(lines))
    first = _first_line(lines)
    delimiter = max(DELIMITERS, key=_unquoted(first).count)
    # Strict, so that text after a closing quote is reported instead of being glued to the cell.
    records = _records(csv.reader(chain([first], lines), delimiter=delimiter, strict=True), lines)
    names = next(records)
    if isinstance(names, RowError):
        raise InvalidRequest(f'The line with the column names cannot be read. {names.reason}')
    return _Table(lines, delimiter, names[1], records)


def _first_block(lines: CsvLines) -> bytes:
    """The first block that holds anything."""
    while (block := lines.block()) and not block.strip():
        lines.taken(block.count(b'\n'))
    return block


def _first_line(lines: CsvLines) -> str:
    """The first line that holds anything."""
    for line in lines:
        if line.strip():
            return line
        lines.next_row()
    raise InvalidRequest(NO_ROWS)


def _unquoted(line: str) -> str:
    return ''.join(line.split('"')[::2])


Record = tuple[int, list[str]]


def _records(reader: Iterator[list[str]], lines: CsvLines) -> Iterator[Record | RowError]:
    """The cells of each record with the line it begins on; a blank line has none."""
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
            yield lines.row_start, cells
        lines.next_row()


def _rows(table: _Table, header: Header, parser: RowParser) -> Iterator[PredictionRow | RowError]:
    lines, empty, blank = table.lines, True, f' \t\r\n{table.delimiter}'.encode()
    while block := lines.block():
        if not block.strip(blank):
            lines.taken(block.count(b'\n'))
            continue
        columns = columns_of(block, header, table.delimiter)
        rows = parser.good_rows(lines.read + 1, columns) if columns else None
        if rows is not None:
            lines.taken(len(rows))
            yield from rows
            empty = False
        else:
            lines.put_back(block)
            for row in _careful_rows(table, header, parser):
                yield row
                empty = False
    if empty:
        raise InvalidRequest(NO_ROWS)


def _careful_rows(table: _Table, header: Header, parser: RowParser) -> Iterator[PredictionRow | RowError]:
    """The rows of the lines that were put back, and of what it takes to complete the last."""
    columns, parse, pick = header.columns, parser.parse, itemgetter(*header.positions)
    for record in table.records:
        if isinstance(record, RowError):
            yield record
        else:
            line, cells = record
            if len(cells) == columns:
                cells.append('')  # what position -1 picks: a field the file does not have
                row = parse(line, _unguarded(pick(cells)))
            else:
                row = row_error(line, WHOLE_ROW, ', '.join(cells[:3]), _cell_count(len(cells), columns))
            if isinstance(row, PredictionRow) or _filled(cells):
                yield row
        if not table.lines.held:
            return


def _filled(cells: Sequence[str]) -> bool:
    """Spreadsheets export the empty rows below a table as separators without a value."""
    return any(cell.strip() for cell in cells)


def _unguarded(texts: Sequence[str]) -> Sequence[str]:
    """The texts without the apostrophes that an export put before them."""
    if "'" not in ''.join(texts):
        return texts
    return [unguarded(text) if place in TEXTS else text for place, text in enumerate(texts)]


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
