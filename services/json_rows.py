"""JSON arrays and NDJSON as rows, with every number exactly as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from services.errors import InvalidRequest, TooLarge
from services.prediction_rows import FIELDS, WHOLE_ROW, PredictionRow, RowError, RowParser, printable, row_error
from services.row_fields import FieldError, joined_reasons

MAX_ROWS = 10_000

MAX_VALUES = 1_000
"""In one row: a valid one has a few dozen, and anything beyond is only there to use up our memory."""

MAX_BRACKETS = 5 * MAX_ROWS
"""Of ``[`` in a whole body, counted before it is read: a row has one list, but lists cost the most memory a byte."""

MAX_QUOTES = 100 * MAX_ROWS
"""Of ``"`` in a whole body: a row with each key and reason has 68, and all texts of one element are read at one go."""

NOT_A_NUMBER: Final = Decimal('NaN')
NUMBERS = ('churn_score', 'account_value')
FILLED = re.compile(r'\S')
BLANKS = re.compile(r'[ \t\n\r]*')
TOO_DEEP = 'The JSON is nested too deeply: a row is a flat object.'

Pairs = tuple[tuple[str, Any], ...]
"""A JSON object as it was written, repeated keys included; arrays are lists, so the two cannot be mixed up."""


def read_json(body: bytes, *, ndjson: bool, now: datetime) -> list[PredictionRow | RowError]:
    """Read a whole body: a JSON array of objects, or one object a line. An empty one has no rows, and that is fine.

    :raises InvalidRequest: the body as a whole cannot be read.
    :raises TooLarge: there are more than ``MAX_ROWS`` rows, or more texts or lists than those could have.
    """
    text = _decoded(body)
    if text.count('[') > MAX_BRACKETS:
        raise TooLarge(f'There are more than {MAX_BRACKETS:,} lists: a row is a flat object with one list of reasons.')
    if text.count('"') > MAX_QUOTES:
        raise TooLarge(f'There are more than {MAX_QUOTES:,} quotation marks: send fewer rows at once.')
    elements = _lines(text) if ndjson else _elements(text)
    parser = RowParser(now=now)
    return [element if isinstance(element, RowError) else _row(line, element, parser) for line, element in elements]


def _decoded(body: bytes) -> str:
    try:
        return body.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = body.count(b'\n', 0, error.start) + 1
        raise InvalidRequest(f'Line {line} is not UTF-8 text: send the rows encoded as UTF-8.') from error


def _elements(text: str) -> Iterator[tuple[int, Any]]:
    try:
        for number, element in enumerate(_array(text), start=1):
            _check_count(number)
            yield number, element
    except json.JSONDecodeError as error:
        raise InvalidRequest(f'Not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}.') from error
    except RecursionError as error:
        raise InvalidRequest(TOO_DEEP) from error


def _array(text: str) -> Iterator[Any]:
    """The elements one by one: a body that goes on for ever costs no more than the rows it may have."""
    at = _skip(text, 0)
    if at < len(text) and text[at] != '[':
        raise InvalidRequest('Send the rows as a JSON array of objects, also a single one: [{"customer_id": ...}].')
    if not text.startswith('[', at):
        raise json.JSONDecodeError('Expecting value', text, at)
    decoder = _Decoder()
    at = _skip(text, at + 1)
    if not text.startswith(']', at):
        element, at = decoder.element(text, at)
        yield element
        while text.startswith(',', at):
            element, at = decoder.element(text, _skip(text, at + 1))
            yield element
    if not text.startswith(']', at):
        raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    at = _skip(text, at + 1)
    if at < len(text):
        raise json.JSONDecodeError('Extra data', text, at)


def _lines(text: str) -> Iterator[tuple[int, Any]]:
    decoder = _Decoder()
    for count, (number, line) in enumerate(_filled_lines(text), start=1):
        _check_count(count)
        try:
            yield number, decoder.whole(line)
        except json.JSONDecodeError as error:
            reason = f'Not valid JSON at column {error.colno}: {error.msg}. Each line is one object.'
            yield number, row_error(number, WHOLE_ROW, line, reason)
        except RecursionError:
            yield number, row_error(number, WHOLE_ROW, line, TOO_DEEP)


def _filled_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold anything, numbered among all; millions of blank ones cost next to nothing."""
    number, start = 1, 0
    while found := FILLED.search(text, start):
        first = text.rfind('\n', start, found.start()) + 1 or start
        number += text.count('\n', start, first)
        end = text.find('\n', first)
        if end < 0:
            yield number, text[first:]
            return
        yield number, text[first:end]
        number, start = number + 1, end + 1


class _Decoder:
    """Decodes one element at a time, and gives up on one with more values than any row could have.

    What turns numbers and objects into ours is Python on purpose: the interpreter lets other threads run in between,
    while the scanner in C would keep them all waiting.
    """

    def __init__(self) -> None:
        self._left = 0
        self._decoder = json.JSONDecoder(
            parse_float=self._number,
            parse_int=self._number,
            parse_constant=lambda _: NOT_A_NUMBER,
            object_pairs_hook=self._object,
        )

    def element(self, text: str, at: int) -> tuple[Any, int]:
        """The value that begins there, and where the next thing after it begins."""
        self._left = MAX_VALUES
        element, end = self._decoder.raw_decode(text, at)
        return element, _skip(text, end)

    def whole(self, text: str) -> Any:
        self._left = MAX_VALUES
        return self._decoder.decode(text)

    def _number(self, text: str) -> Decimal:
        self._count(1)
        try:
            return Decimal(text)
        except InvalidOperation:  # an exponent beyond all reason
            return NOT_A_NUMBER

    def _object(self, pairs: list[tuple[str, Any]]) -> Pairs:
        self._count(1 + len(pairs))
        return tuple(pairs)

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise TooLarge(f'One row has more than {MAX_VALUES:,} values: a row is a flat object.')


def _skip(text: str, at: int) -> int:
    """Where the next thing after the blanks begins."""
    blanks = BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _check_count(rows: int) -> None:
    if rows > MAX_ROWS:
        raise TooLarge(
            f'There are more than {MAX_ROWS:,} rows: send at most {MAX_ROWS:,} at once, or upload them as a CSV file.'
        )


def _row(line: int, element: Any, parser: RowParser) -> PredictionRow | RowError:
    if not isinstance(element, tuple):
        return row_error(line, WHOLE_ROW, _shown(element), 'A row must be an object such as {"customer_id": ...}.')
    values = dict(element)
    bad_key = _bad_key(element)
    if bad_key is not None:
        reason = f'The key is given twice, or is none of {", ".join(FIELDS)}: remove it.'
        return row_error(line, printable(bad_key), _shown(values[bad_key]), reason)
    listed = values.pop('reasons') if isinstance(values.get('reasons'), list) else None
    texts: list[str] = []
    try:
        for column in FIELDS:
            texts.append((_number_text if column in NUMBERS else _text)(values.get(column)))
        column = 'reasons'
        reasons = joined_reasons(map(_text, listed)) if listed else None
    except FieldError as error:
        return row_error(line, column, _shown(values.get(column, listed)), error.reason)
    row = parser.parse(line, texts)
    return row._replace(reasons=reasons) if reasons and isinstance(row, PredictionRow) else row


def _bad_key(element: Pairs) -> str | None:
    """The first key that is not ours or was there before."""
    seen: set[str] = set()
    for key, _ in element:
        if key in seen or key not in FIELDS:
            return key
        seen.add(key)
    return None


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ''
    raise FieldError('The value must be text: put it in quotes.')


def _number_text(value: object) -> str:
    if value is None or isinstance(value, Decimal):
        return '' if value is None else str(value)
    raise FieldError('The value must be a number, without quotes.')


def _shown(value: object) -> str:
    """A JSON value as a person would recognise it."""
    if isinstance(value, list):
        return ', '.join(_shown(part) for part in value[:5] if not isinstance(part, list | tuple)) or '[...]'
    if isinstance(value, tuple):
        return '{...}'
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)
