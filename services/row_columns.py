"""Many rows at once, a column at a time: the rules of ``row_fields`` at a fraction of their cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import sub
from typing import TypeVar

from services import row_fields
from services.memo import Memo
from services.row_fields import BLANKS, LONGEST_TEXT
from services.row_instants import HOURS, REST, TO_THE_HOUR
from services.scores import ONE

DOUBLE = 2**-50
"""By how much, of its size, a double may be off after it was read and multiplied; with room to spare."""

Number = TypeVar('Number', int, int | None)
Texts = Sequence[str]
Column = Texts | None
"""A field's texts, row after row; None where the file does not have the field."""


def values(columns: Sequence[Column], *, latest: int) -> list[Iterable[object]]:
    """The values of the fields, in the order of ``FIELDS``.

    :raises FieldError: one of the texts cannot be taken.
    """
    customer, score, at, external, name, value, reasons, status = columns
    assert customer is not None and score is not None  # no file is read without them
    return [
        _customer_ids(customer),
        _numbers(score, row_fields.SCORE, below=ONE),
        _instants(at, latest=latest) if at else repeat(None),
        _optional_texts(external) if external else repeat(None),
        _optional_texts(name) if name else repeat(None),
        _numbers(value, row_fields.ACCOUNT_VALUE, below=10**12) if value else repeat(None),
        map(row_fields.REASONS.__getitem__, reasons) if reasons else repeat(None),
        map(row_fields.STATUS.__getitem__, status) if status else repeat('completed'),
    ]


def _customer_ids(texts: Texts) -> Texts:
    plain = _plain(texts)
    if plain is None or '' in plain:
        return list(map(row_fields.customer_id, texts))
    return plain


def _optional_texts(texts: Texts) -> Iterable[str | None]:
    plain = _plain(texts)
    return map(row_fields.optional_text, texts) if plain is None else [text or None for text in plain]


def _plain(texts: Texts) -> Texts | None:
    """The texts without the blanks around them; None if any of them takes a closer look."""
    together = ''.join(texts)
    if any(blank in together for blank in BLANKS):
        texts = [text.strip(BLANKS) for text in texts]
        together = ''.join(texts)
    return texts if together.isprintable() and max(map(len, texts)) <= LONGEST_TEXT else None


def _instants(texts: Texts, *, latest: int) -> Sequence[int | None]:
    try:
        micros = [HOURS[text[:TO_THE_HOUR]] + REST[text[TO_THE_HOUR:]] for text in texts]
    except ValueError:  # also where the time is absent
        micros = []
    if micros and min(micros) >= 0 and max(micros) <= latest:
        return micros
    return [row_fields.predicted_at(text, latest=latest) for text in texts]


def _numbers(texts: Texts, exact: Memo[Number], *, below: int) -> Iterable[Number | int]:
    nearest = _millionths(texts, below=below)
    return map(exact.__getitem__, texts) if nearest is None else nearest


def _millionths(texts: Texts, *, below: int) -> list[int] | None:
    """Numbers by way of doubles; None unless all are plain, and those near enough to tell how each is rounded.

    :param below: what all the millionths are less than; at most 10**12, so that a double is off by less than 0.001.
    """
    together = ''.join(texts)
    if not (together.replace('.', '').isdigit() and together.isascii()):
        return None
    try:
        scaled = [float(text) * ONE for text in texts]
    except ValueError:
        return None
    if max(scaled) >= below:
        return None
    nearest = list(map(round, scaled))
    return nearest if max(map(abs, map(sub, scaled, nearest))) < 0.5 - below * DOUBLE else None
