"""Exports as an Excel workbook: typed cells, written row by row so that a million of them take no memory.

XlsxWriter makes the workbook around the rows. The rows themselves are put into it by ours: its own way writes a
gigabyte of XML to the disk twice, for a million rows, before it packs them.
"""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from typing import IO, Any, BinaryIO

from sqlalchemy import Row
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from services.errors import InvalidRequest
from services.export_formats import COLUMNS
from services.reason_texts import join_texts
from services.recent import split_reasons
from services.scores import RiskBands

MOST_ROWS = 1_048_575
"""Of a sheet, beside the line with the column names."""

SHEET = 'xl/worksheets/sheet1.xml'
ROWS = re.compile(rb'(?<=</row>)(?=</sheetData>)')
DIMENSION = re.compile(rb'<dimension ref="[A-Z0-9:]+"/>')
OPTIONS = {'in_memory': True, 'strings_to_formulas': False, 'strings_to_urls': False}
WIDTHS = (18, 26, 11, 10, 20, 11, 14, 48, 22, 16, 10)
SCORE, TIME, VALUE = 1, 2, 3
"""Styles of cells, in the order in which the workbook is given them."""

EPOCH_DAY = 25_569
"""1970-01-01 as Excel counts days, from 1900."""
DAY = 86_400_000_000
COMPRESSION = 1
"""Three times as fast as zlib's own choice, for a tenth more bytes."""

UNSAFE = re.compile('[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]')
"""No XML may hold them."""
ESCAPE_LIKE = re.compile(r'_(?=x[0-9A-Fa-f]{4}_)')
"""Excel takes ``_x000D_`` for a carriage return, unless its first line is escaped itself."""

TOO_LONG = (
    f'An Excel sheet holds at most {MOST_ROWS:,} rows, and this export has {{rows:,}}: '
    'narrow the filters, or choose another format.'
)
TOO_LARGE = 'The rows are too large for one Excel file: narrow the filters, or choose another format.'


def check_rows(rows: int) -> None:
    """:raises InvalidRequest: a sheet does not hold so many."""
    if rows > MOST_ROWS:
        raise InvalidRequest(TOO_LONG.format(rows=rows), field='format')


class XlsxWriter:
    """One sheet in a seekable file.

    :param rows: how many there will be.
    """

    def __init__(self, file: BinaryIO, bands: RiskBands, *, rows: int) -> None:
        check_rows(rows)
        self._bands = bands
        self._next = 2
        before, self._after, others = _workbook(rows)
        self._zip = zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION)
        for name, content in others.items():
            self._zip.writestr(name, content)
        self._sheet: IO[bytes] = self._zip.open(SHEET, 'w')
        self._sheet.write(before)

    def write(self, page: Sequence[Row[Any]]) -> None:
        """:raises InvalidRequest: together they are larger than a workbook can be."""
        rows = ''.join([self._row(number, row) for number, row in enumerate(page, start=self._next)])
        self._next += len(page)
        try:
            self._sheet.write(rows.encode())
        except RuntimeError as error:  # zipfile's word for more than 2 GiB; the way beyond makes Excel offer a repair
            raise InvalidRequest(TOO_LARGE, field='format') from error

    def finish(self) -> None:
        self._sheet.write(self._after)
        self._sheet.close()
        self._zip.close()

    def close(self) -> None:
        with contextlib.suppress(RuntimeError, OSError):  # too large, or no room: it is thrown away
            self._sheet.close()
        with contextlib.suppress(OSError):
            self._zip.close()

    def _row(self, number: int, row: Row[Any]) -> str:
        reasons = row.reasons and join_texts(split_reasons(row.reasons) or ())
        value = row.account_value
        cells = (
            _text('A', number, row.customer_id),
            _text('B', number, row.customer_name) if row.customer_name else '',
            f'<c r="C{number}" s="{SCORE}"><v>{row.score / 1_000_000}</v></c>',
            _text('D', number, self._bands.level(row.score).value),
            _time('E', number, row.predicted_at),
            _text('F', number, row.status),
            '' if value is None else f'<c r="G{number}" s="{VALUE}"><v>{value / 1_000_000}</v></c>',
            _text('H', number, reasons) if reasons else '',
            _text('I', number, row.file_name) if row.file_name else '',
            _text('J', number, row.external_id) if row.external_id else '',
            _text('K', number, str(row.arrival)),
        )
        return f'<row r="{number}">{"".join(cells)}</row>'


def _text(column: str, number: int, text: str) -> str:
    """A cell that is text, whatever it looks like: nothing of it is ever run."""
    return f'<c r="{column}{number}" t="inlineStr"><is><t xml:space="preserve">{_escaped(text)}</t></is></c>'


@lru_cache(maxsize=4_096)
def _escaped(text: str) -> str:
    if not text.isprintable():
        text = UNSAFE.sub('\ufffd', text)
    if '_x' in text:
        text = ESCAPE_LIKE.sub('_x005F_', text)
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def _time(column: str, number: int, micros: int) -> str:
    """A date as Excel has it: days, in UTC."""
    return f'<c r="{column}{number}" s="{TIME}"><v>{EPOCH_DAY + micros / DAY:.11f}</v></c>'


def _workbook(rows: int) -> tuple[bytes, bytes, dict[str, bytes]]:
    """What comes before and after the rows of the sheet, and the other parts by name."""
    packed = io.BytesIO()
    with Workbook(packed, OPTIONS) as workbook:
        sheet = workbook.add_worksheet('Predictions')
        formats = [workbook.add_format({'num_format': form}) for form in ('0.00####', TIME_FORM, '#,##0.00####')]
        for position, width in enumerate(WIDTHS):
            sheet.set_column(position, position, width, formats[STYLED[position]] if position in STYLED else None)
        sheet.write_row(0, 0, HEADER, workbook.add_format({'bold': True}))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows, len(COLUMNS) - 1)
    with zipfile.ZipFile(packed) as parts:
        others = {name: parts.read(name) for name in parts.namelist()}
    last = f'{chr(ord("A") + len(COLUMNS) - 1)}{rows + 1}'
    sheet_xml = DIMENSION.sub(f'<dimension ref="A1:{last}"/>'.encode(), others.pop(SHEET))
    before, after = ROWS.split(sheet_xml)
    return before, after, others


TIME_FORM = 'yyyy-mm-dd hh:mm:ss'
STYLED = {2: 0, 4: 1, 6: 2}
"""Columns of numbers and times, with the place of their format."""
HEADER = tuple('predicted_at (UTC)' if column == 'predicted_at' else column for column in COLUMNS)
