"""Passwords an attacker tries first, however long they are."""

from __future__ import annotations

import string

COMMON_WORDS = """
    password passwort kennwort passphrase pass secret geheim qwerty qwertz azerty asdf letmein welcome login
    admin administrator root user guest test default changeme change this iloveyou monkey dragon football baseball
    master shadow sunshine princess superman trustno correct horse battery staple churn board dashboard my the new is
"""
KEYBOARD_ROWS = (
    '1234567890',
    '0123456789',
    'abcdefghijklmnopqrstuvwxyz',
    'qwertyuiopasdfghjklzxcvbnm',
    'qwertzuiopasdfghjklyxcvbnm',
    '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik',
)
MIN_DIFFERENT = 5
DECORATION = string.digits + string.punctuation + string.whitespace
LEET = str.maketrans('@0134578$!', 'aoieastbsi')

_LONGEST_FIRST = sorted(COMMON_WORDS.split(), key=len, reverse=True)


def is_weak(password: str, *, email: str) -> bool:
    """Whether the password is a repetition, a keyboard row, common words with digits, or the e-mail address."""
    folded = password.casefold()
    return (
        len(set(folded)) < MIN_DIFFERENT
        or folded in (folded * 2)[1:-1]  # true of a piece written again and again, of nothing else
        or any(folded in row * 4 or folded[::-1] in row * 4 for row in KEYBOARD_ROWS)
        or _is_common(folded)
        or _is_address(folded, email.casefold())
    )


def _is_common(folded: str) -> bool:
    core = folded.strip(DECORATION)
    return any(_only_common_words(_letters(text)) for text in (core, core.translate(LEET)))


def _only_common_words(letters: str) -> bool:
    rest = letters
    for word in _LONGEST_FIRST:
        rest = rest.replace(word, '')
    return bool(letters) and not rest


def _is_address(folded: str, email: str) -> bool:
    if not email:
        return False
    own = {email, email.partition('@')[0]}
    return email in folded or folded.strip(DECORATION) in own


def _letters(text: str) -> str:
    return ''.join(character for character in text if character.isalpha())
