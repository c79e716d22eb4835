"""A CSV file's first line: which of its columns are which of our fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.column_guess import guessed_fields
from services.errors import InvalidRequest
from services.prediction_rows import FIELDS, REQUIRED, printable

MAX_COLUMNS = 256
"""CRM exports have well over a hundred columns; more than this is not a table of customers."""


class MissingColumns(InvalidRequest):
    """Columns that are needed are not there under their names.

    :param pairs: THEIRS=OURS, as a mapping would probably say it.
    """

    def __init__(self, message: str, *, pairs: tuple[str, ...]) -> None:
        super().__init__(f'{message}, for example {" and ".join(pairs)}.')
        self.pairs = pairs


@dataclass(frozen=True)
class Header:
    columns: int
    positions: tuple[int, ...]
    """Where each of ``FIELDS`` stands in a row; -1: nowhere."""
    ignored: tuple[str, ...]
    """Columns nobody asked for."""


def read_header(cells: Sequence[str], mapping: Mapping[str, str]) -> Header:
    """Find our fields by name, blanks and case aside.

    :param mapping: names in the file -> our fields, for files that call them otherwise; empty: not to be used.
    :raises InvalidRequest: with a sentence that names the column.
    """
    names = column_names(cells)
    theirs = _mapped(mapping, names)
    fields = [_field(name, theirs) for name in names]
    _check_fields(fields, names)
    return Header(
        columns=len(names),
        positions=tuple(fields.index(field) if field in fields else -1 for field in FIELDS),
        ignored=tuple(printable(name) for name, field in zip(names, fields, strict=True) if field is None),
    )


def column_names(cells: Sequence[str]) -> list[str]:
    """The names in the first line, whatever they are.

    :raises InvalidRequest: they are too many, or one is missing.
    """
    names = [cell.strip() for cell in cells]
    if len(names) > MAX_COLUMNS:
        raise InvalidRequest(
            f'The file has {len(names)} columns: keep at most {MAX_COLUMNS}. Needed are {" and ".join(REQUIRED)}.'
        )
    if '' in names:
        raise InvalidRequest(f'Column {names.index("") + 1} has no name: name or remove it.')
    return names


def _mapped(mapping: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The mapping in folded form, checked against our fields and this file's columns."""
    theirs = {theirs.strip().casefold(): ours.strip().casefold() for theirs, ours in mapping.items()}
    present = {name.casefold() for name in names}
    for name, ours in mapping.items():
        if ours.strip() and ours.strip().casefold() not in FIELDS:
            raise InvalidRequest(f'"{printable(ours)}" is none of our columns: use one of {", ".join(FIELDS)}.')
        if name.strip().casefold() not in present:
            raise InvalidRequest(f'The file has no column "{printable(name)}". It has: {_listed(names)}.')
    return theirs


def _field(name: str, theirs: Mapping[str, str]) -> str | None:
    """The field a column holds. A column that was mapped takes the place of the one that merely has the name."""
    folded = name.casefold()
    if folded in theirs:
        return theirs[folded] or None
    return folded if folded in FIELDS and folded not in theirs.values() else None


def _check_fields(fields: Sequence[str | None], names: Sequence[str]) -> None:
    for field, count in Counter(fields).items():
        if field and count > 1:
            raise InvalidRequest(f'{count} columns hold {field}: keep one of them.')
    missing = [field for field in REQUIRED if field not in fields]
    if missing:
        raise MissingColumns(
            f'The column{"s" * (len(missing) > 1)} {" and ".join(missing)} cannot be found. '
            f'The file has: {_listed(names)}. Say which is which',
            pairs=tuple(f'{_likely(field, names)}={field}' for field in missing),
        )


def _likely(field: str, names: Sequence[str]) -> str:
    """The column that is probably meant."""
    return next((name for name, guess in guessed_fields(names).items() if guess == field), 'THEIR NAME')


def _listed(names: Sequence[str]) -> str:
    shown = ', '.join(printable(name) for name in names[:20])
    return f'{shown} and {len(names) - 20} more' if len(names) > 20 else shown
