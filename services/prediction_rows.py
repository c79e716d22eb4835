"""One row of input, checked: the same rules for a CSV cell and a JSON value, wherever the row came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

from services import row_columns, row_fields
from services.clock import to_micros
from services.row_columns import Column
from services.row_fields import FieldError

FIELDS = (
    'customer_id',
    'churn_score',
    'predicted_at',
    'external_id',
    'customer_name',
    'account_value',
    'reasons',
    'status',
)
"""What a row may say, in the order of ``PredictionRow``."""

REQUIRED = FIELDS[:2]

WHOLE_ROW = 'row'
"""Stands for the column in errors that are about no single field."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a sender's clock may be."""

LONGEST_VALUE = 100


class PredictionRow(NamedTuple):
    """A row that can be taken. A tuple, because making millions of frozen dataclasses takes six times as long."""

    line: int
    """Line of a CSV or NDJSON file, element of a JSON array, row of a Parquet file; counted from 1."""
    customer_id: str
    score: int
    """Millionths."""
    predicted_at: int | None
    """Microseconds since 1970 in UTC; None stands for the time of arrival."""
    external_id: str | None = None
    customer_name: str | None = None
    account_value: int | None = None
    """Millionths."""
    reasons: str | None = None
    """Joined by newlines; each begins with + or -."""
    status: str = 'completed'


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row cannot be taken, for whoever made the file."""

    line: int
    column: str
    value: str
    """Printable, and cut to ``LONGEST_VALUE`` characters."""
    reason: str


class RowParser:
    """Turns the texts of a row's fields into a row, or into the first thing that is wrong with it."""

    def __init__(self, *, now: datetime) -> None:
        self._latest = to_micros(now + CLOCK_SKEW)

    def parse(self, line: int, texts: Sequence[str]) -> PredictionRow | RowError:
        """:param texts: the row's values in the order of ``FIELDS``; what is absent is empty."""
        customer, score, at, external, name, value, reasons, status = texts
        try:
            return PredictionRow(
                line,
                row_fields.customer_id(customer),
                row_fields.SCORE[score],
                row_fields.predicted_at(at, latest=self._latest) if at else None,
                row_fields.optional_text(external) if external else None,
                row_fields.optional_text(name) if name else None,
                row_fields.ACCOUNT_VALUE[value] if value else None,
                row_fields.REASONS[reasons] if reasons else None,
                row_fields.STATUS[status] if status else 'completed',
            )
        except FieldError:  # raised again below, where the column is known: good rows need not keep track of it
            return self._first_error(line, texts)

    def good_rows(self, first: int, columns: Sequence[Column]) -> list[PredictionRow] | None:
        """Many rows at once, in a fifth of the time; None if any of them has an error: then parse them one by one.

        :param first: the first row's line; each row is on the line after the one before.
        :param columns: the texts of each of ``FIELDS``.
        """
        try:
            values = row_columns.values(columns, latest=self._latest)
            return list(map(PredictionRow._make, zip(count(first), *values, strict=False)))
        except FieldError:
            return None

    def _first_error(self, line: int, texts: Sequence[str]) -> RowError:
        checks: Sequence[Callable[[str], object]] = (
            row_fields.customer_id,
            row_fields.score,
            lambda text: row_fields.predicted_at(text, latest=self._latest),
            row_fields.optional_text,
            row_fields.optional_text,
            row_fields.account_value,
            row_fields.reasons,
            row_fields.status,
        )
        for column, text, check in zip(FIELDS, texts, checks, strict=True):
            try:
                check(text)
            except FieldError as error:
                return row_error(line, column, text, error.reason)
        raise AssertionError('no field of this row is wrong')


def row_error(line: int, column: str, value: str, reason: str) -> RowError:
    return RowError(line, column, printable(value), reason)


def printable(value: str) -> str:
    """The beginning of a value, safe to show and to log: nothing in it moves a cursor or starts a new line."""
    start = value[:LONGEST_VALUE]
    if not start.isprintable():
        start = ''.join(c if c.isprintable() else c.encode('unicode_escape').decode('ascii') for c in start)
    return start[:LONGEST_VALUE]
