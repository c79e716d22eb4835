"""Reasons as one text, ``+Logins down|-Annual contract``; a bar within a reason is written twice."""

from __future__ import annotations

from collections.abc import Iterable

SEPARATOR = '|'
DOUBLED = SEPARATOR * 2


def join_texts(reasons: Iterable[str]) -> str:
    return SEPARATOR.join(reason.replace(SEPARATOR, DOUBLED) for reason in reasons)


def split_text(text: str) -> list[str]:
    """What was joined. A reason begins with + or -, so that of three bars the first two belong to the one before."""
    if DOUBLED not in text:
        return text.split(SEPARATOR)
    pairs = [part.split(SEPARATOR) for part in text.split(DOUBLED)]
    reasons = pairs[0]
    for first, *others in pairs[1:]:
        reasons[-1] += SEPARATOR + first
        reasons += others
    return reasons
