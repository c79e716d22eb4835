"""Cursors: a word that says where a page of a list ended, good for the same list alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Hashable, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, SQLColumnExpression, literal, tuple_

from services.errors import InvalidRequest

Place = tuple[Any, ...]
"""The values by which a list is ordered, of the last row of a page."""

LONGEST_CURSOR = 2_000
NO_CURSOR = 'That is no cursor of this list: take next_cursor of the page before, with the same query, or none.'


def cursor_of(place: Place, about: Hashable) -> str:
    """The cursor of a list's page that ends there."""
    return base64.urlsafe_b64encode(orjson.dumps([*place, _fingerprint(about)])).decode().rstrip('=')


def place_of(cursor: str | None, about: Hashable, *, kinds: Sequence[type]) -> Place | None:
    """The place that a cursor names; ``None`` for none.

    :param about: what the list is of: only a cursor of an equal one is good for it.
    :param kinds: of the values of a place, ``int`` or ``str``.
    :raises InvalidRequest: it is not a cursor of this list.
    """
    if cursor is None:
        return None
    try:
        if len(cursor) > LONGEST_CURSOR or not cursor.isascii():
            raise InvalidRequest(NO_CURSOR, field='cursor')
        values = orjson.loads(base64.urlsafe_b64decode(cursor + '=' * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(NO_CURSOR, field='cursor') from error
    if not isinstance(values, list) or len(values) != len(kinds) + 1 or values[-1] != _fingerprint(about):
        raise InvalidRequest(NO_CURSOR, field='cursor')
    if not all(_is(value, kind) for value, kind in zip(values, kinds, strict=False)):
        raise InvalidRequest(NO_CURSOR, field='cursor')
    return tuple(values[:-1])


def below(columns: Sequence[SQLColumnExpression[Any]], place: Place) -> ColumnElement[bool]:
    """Whether a row comes after a place in a list with the greatest values first.

    The comparison of whole rows is one that an index can begin at, however many share the first value.
    """
    return tuple_(*columns) < tuple_(*map(literal, place))


def _is(value: object, kind: type) -> bool:
    """Whether a database takes it as a value of that kind."""
    if isinstance(value, str):
        return kind is str and '\0' not in value
    return isinstance(value, int) and type(value) is kind and -(2**62) < value < 2**62


def _fingerprint(about: Hashable) -> str:
    """Tells a list from others; it keeps nothing secret, since every page asks who reads it."""
    return hashlib.blake2b(repr(about).encode(), digest_size=8).hexdigest()
