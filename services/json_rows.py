"""JSON arrays and NDJSON as rows, with every number exactly as it was written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from services.errors import InvalidRequest, TooLarge
from services.prediction_rows import FIELDS, WHOLE_ROW, PredictionRow, RowError, RowParser, printable, row_error
from services.row_fields import FieldError, joined_reasons

MAX_ROWS = 10_000
NOT_A_NUMBER: Final = Decimal('NaN')
NUMBERS = ('churn_score', 'account_value')
TOO_DEEP = 'The JSON is nested too deeply: a row is a flat object.'

Pairs = tuple[tuple[str, Any], ...]
"""A JSON object as it was written, repeated keys included; arrays are lists, so the two cannot be mixed up."""


def read_json(body: bytes, *, ndjson: bool, now: datetime) -> list[PredictionRow | RowError]:
    """Read a whole body: a JSON array of objects, or one object a line. An empty one has no rows, and that is fine.

    :raises InvalidRequest: the body as a whole cannot be read.
    :raises TooLarge: there are more than ``MAX_ROWS`` rows.
    """
    text = _decoded(body)
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
        rows = _load(text)
    except json.JSONDecodeError as error:
        raise InvalidRequest(f'Not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}.') from error
    except RecursionError as error:
        raise InvalidRequest(TOO_DEEP) from error
    if not isinstance(rows, list):
        raise InvalidRequest('Send the rows as a JSON array of objects, also a single one: [{"customer_id": ...}].')
    _check_count(len(rows))
    return enumerate(rows, start=1)


def _lines(text: str) -> Iterator[tuple[int, Any]]:
    lines = [(number, line) for number, line in enumerate(text.split('\n'), start=1) if line and not line.isspace()]
    _check_count(len(lines))
    for number, line in lines:
        try:
            yield number, _load(line)
        except json.JSONDecodeError as error:
            reason = f'Not valid JSON at column {error.colno}: {error.msg}. Each line is one object.'
            yield number, row_error(number, WHOLE_ROW, line, reason)
        except RecursionError:
            yield number, row_error(number, WHOLE_ROW, line, TOO_DEEP)


def _load(text: str) -> Any:
    return json.loads(
        text, parse_float=_number, parse_int=Decimal, parse_constant=lambda _: NOT_A_NUMBER, object_pairs_hook=tuple
    )


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond all reason
        return NOT_A_NUMBER


def _check_count(rows: int) -> None:
    if rows > MAX_ROWS:
        raise TooLarge(f'There are {rows:,} rows: send at most {MAX_ROWS:,} at once, or upload them as a CSV file.')


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
    return replace(row, reasons=reasons) if reasons and isinstance(row, PredictionRow) else row


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
