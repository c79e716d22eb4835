"""What each field of a row may hold. Every parser takes text; empty text means that an optional field is absent.

These run for each of millions of rows: the usual form takes a short way, everything else the exact one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from services.memo import Memo
from services.reason_texts import split_text
from services.row_instants import instant
from services.schemas import PredictionStatus
from services.scores import ONE, to_millionths

LONGEST_TEXT = 200
MOST_REASONS = 20
MOST_VALUE = 10**12

BLANKS = ' \t\xa0\ufeff'  # spreadsheets pad with no-break spaces; a BOM in the middle comes from joined files
CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\ud800-\udfff]')
NUMBER = re.compile(r'(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?')
COMMA_NUMBER = re.compile(r'[0-9]+,[0-9]+')
MOST_DIGITS = 40
"""Of a number that is read without a detour; a double has 17."""

SCALE = (1_000_000, 100_000, 10_000, 1_000, 100, 10, 1)
"""What makes millionths of the digits of a number with so many decimals."""

HALF = '5'
"""The digits behind the sixth decimal of a number that lies half between two millionths."""

STATUSES = frozenset(PredictionStatus)

SCORE_HELP = 'Write the score as a plain number between 0 and 1, such as 0.62 for 62 %.'
VALUE_HELP = 'Write the value as a plain number between 0 and 1000000000000, without currency or separators: 1250.50.'


class FieldError(ValueError):
    """A field cannot be taken; ``reason`` says in a sentence what to do about it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def customer_id(text: str) -> str:
    text = _plain(text)
    if not text:
        raise FieldError('The customer id is missing: fill it in.')
    return text


def optional_text(text: str) -> str | None:
    """An external id or a customer's name."""
    return _plain(text) or None


def score(text: str) -> int:
    """Millionths. The limits hold before rounding: 1.0000001 is too much."""
    text = text.strip(BLANKS)
    if not text:
        raise FieldError('The score is missing: write a number between 0 and 1, such as 0.62.')
    millionths = _millionths(text, limit=1)
    if millionths is None:
        raise FieldError(_comma_help(text) or SCORE_HELP)
    return millionths


def account_value(text: str) -> int | None:
    """Millionths."""
    text = text.strip(BLANKS)
    if not text:
        return None
    millionths = _millionths(text, limit=MOST_VALUE)
    if millionths is None:
        raise FieldError(_comma_help(text) or VALUE_HELP)
    return millionths


def predicted_at(text: str, *, latest: int) -> int | None:
    """Microseconds since 1970 in UTC.

    :param latest: no prediction is of a later instant.
    """
    text = text.strip(BLANKS)
    if not text:
        return None
    try:
        micros = instant(text)
    except ValueError as error:
        raise FieldError(str(error)) from error
    if micros > latest:
        raise FieldError('The time lies in the future: check the clock and the offset of the system that wrote it.')
    return micros


def reasons(text: str) -> str | None:
    """``+Logins down|-Annual contract`` as lines."""
    text = text.strip(BLANKS)
    return joined_reasons(split_text(text)) if text else None


def joined_reasons(parts: Iterable[str]) -> str | None:
    checked = [REASON[part.strip(BLANKS)] for part in parts]
    if len(checked) > MOST_REASONS:
        raise FieldError(f'There are {len(checked)} reasons: keep the {MOST_REASONS} that matter most.')
    return '\n'.join(checked) or None


def status(text: str) -> str:
    text = text.strip(BLANKS)
    if text and text not in STATUSES:
        raise FieldError('The status must be completed, pending or failed; leave it empty for completed.')
    return text or 'completed'


def _reason(reason: str) -> str:
    if len(reason) < 2 or reason[0] not in '+-' or not reason[1:].strip(BLANKS):
        raise FieldError(
            'Begin each reason with + (raises the risk) or - (lowers it), and separate them by |: '
            '+Logins down|-Annual contract.'
        )
    return _plain(reason, longest=LONGEST_TEXT + 1)


def _plain(text: str, *, longest: int = LONGEST_TEXT) -> str:
    text = text.strip(BLANKS)
    if not text.isprintable() and CONTROL.search(text):
        raise FieldError('The text holds a line break, tab or other invisible control character: remove it.')
    if len(text) > longest:
        raise FieldError(f'The text has {len(text)} characters: shorten it to at most {LONGEST_TEXT}.')
    return text


def _millionths(text: str, *, limit: int) -> int | None:
    """Exact, half to even; None if the text is no number from 0 to ``limit``."""
    whole, _, fraction = text.partition('.')
    digits = whole + fraction
    if len(digits) > MOST_DIGITS or not (digits.isdigit() and digits.isascii()):
        return _any_millionths(text, limit=limit)
    if len(fraction) <= 6:
        millionths, rest = int(digits) * SCALE[len(fraction)], ''
    else:
        millionths, rest = int(whole + fraction[:6]), fraction[6:].rstrip('0')
    if millionths >= limit * ONE and (rest or millionths > limit * ONE):
        return None
    up = rest > HALF or (rest == HALF and millionths % 2 == 1)
    return millionths + up


def _any_millionths(text: str, *, limit: int) -> int | None:
    """The same for numbers with an exponent, or of many digits, and for what is none."""
    if not NUMBER.fullmatch(text) or (number := Decimal(text)) > limit:
        return None
    return to_millionths(number)


def _comma_help(text: str) -> str | None:
    if COMMA_NUMBER.fullmatch(text):
        return f'Use a point as the decimal sign, not a comma: {text[:40].replace(",", ".")}.'
    return None


# Most texts of a column recur, so that the functions above are called for few of them.
SCORE = Memo(score, size=16_384, longest=len('0.1234'))
ACCOUNT_VALUE = Memo(account_value, size=16_384, longest=len('1234.56'))
REASON = Memo(_reason, size=4_096, longest=LONGEST_TEXT + 1)
REASONS = Memo(reasons, size=8_192, longest=LONGEST_TEXT)
STATUS = Memo(status, size=64, longest=16)
