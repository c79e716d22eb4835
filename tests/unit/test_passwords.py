from __future__ import annotations

import asyncio
import contextlib
import time
import unicodedata
from collections.abc import Iterator
from typing import Literal

import pytest
from argon2 import PasswordHasher

from services.errors import InvalidRequest, Unavailable
from services.passwords import MAX_BYTES, Passwords, acceptable
from tests.accounts import CHEAP, PASSWORD

ALICE = 'alice.smith@example.com'


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords(CHEAP)
    yield passwords
    passwords.close()


@pytest.mark.parametrize(
    'password',
    [
        PASSWORD,
        'a b c d e f g h',
        '🦊🐢🌋🎻🧭🪁🥝🛶🎈🧊🪐🦜🍄🎯🧩',
        'mein Kätzchen frisst Fisch',
        'x' * 10 + ' plum tractor',
        'correct horse battery staple zebra',
        'violet kettle ' * 73,
    ],
)
def test_long_passwords_of_any_characters_are_accepted(password: str) -> None:
    if len(password.encode()) > 1000:
        password = password[:1000] + 'end.'
    assert acceptable(password, email=ALICE)


@pytest.mark.parametrize(
    ('password', 'reason'),
    [
        ('', 'too short'),
        ('7 chars', 'too short'),
        ('fourteen chars', 'too short'),
        ('violet kettle \ud800 ninety', 'too long'),
        ('kettle' * 2000, 'too long'),
        ('é' * 600, 'too long'),
        ('password123456789', 'too easy'),
        ('Password123456789!', 'too easy'),
        ('P@ssw0rd123456789', 'too easy'),
        ('passwordpassword', 'too easy'),
        ('my churnboard password', 'too easy'),
        ('churnboard' * 90 + '!', 'too easy'),
        ('aaaaaaaaaaaaaaa', 'too easy'),
        ('               ', 'too easy'),
        ('abababababababab', 'too easy'),
        ('violet!violet!violet!', 'too easy'),
        ('123456789012345', 'too easy'),
        ('987654321098765', 'too easy'),
        ('qwertyuiopasdfgh', 'too easy'),
        ('abcdefghijklmnop', 'too easy'),
        ('Alice.Smith@example.com', 'too easy'),
        ('alice.smith@example.com1', 'too easy'),
        ('alice.smith2026', 'too easy'),
    ],
)
def test_a_password_that_is_easy_to_find_is_refused_with_the_reason(password: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason) as refused:
        acceptable(password, email=ALICE)
    assert refused.value.field == 'password'


def test_checking_a_hostile_password_takes_no_time() -> None:
    started = time.process_time()
    for password in ('churnboard' * 100 + '!x', 'e' + '\u0301' * 1000, 'x' * 10_000_000):
        with contextlib.suppress(InvalidRequest):
            acceptable(password, email=ALICE)
    assert time.process_time() - started < 0.1


async def test_only_the_right_password_matches_its_hash(passwords: Passwords) -> None:
    stored = await passwords.hash(PASSWORD, email=ALICE)

    assert stored.startswith('$argon2id$')
    assert PASSWORD not in stored
    assert await passwords.verify(stored, PASSWORD)
    assert not await passwords.verify(stored, PASSWORD.upper())


async def test_a_letter_composed_in_another_way_is_the_same_letter(passwords: Passwords) -> None:
    password = 'süße Kätzchen überall'
    stored = await passwords.hash(unicodedata.normalize('NFD', password), email=ALICE)
    assert await passwords.verify(stored, unicodedata.normalize('NFC', password))


@pytest.mark.parametrize('password', ['', '\ud800', 'x' * (MAX_BYTES + 1), 'x' * 10_000_000])
async def test_what_can_be_no_password_never_matches(passwords: Passwords, password: str) -> None:
    assert not await passwords.verify(CHEAP.hash(PASSWORD), password)


@pytest.mark.parametrize('stored', ['', 'plain text', '$argon2id$v=19$broken'])
async def test_a_broken_hash_matches_nothing(passwords: Passwords, stored: str) -> None:
    assert not await passwords.verify(stored, PASSWORD)


async def test_an_unknown_user_costs_a_hashing_too_and_never_matches() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    assert not await passwords.verify(None, 'nobody has this password')
    passwords.close()
    assert hasher.verified == 1


async def test_a_hash_with_other_parameters_is_made_anew(passwords: Passwords) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)

    new = await passwords.rehash(old, PASSWORD)

    assert new is not None
    assert await passwords.verify(new, PASSWORD)
    assert await passwords.rehash(new, PASSWORD) is None


async def test_at_most_two_are_hashed_at_a_time_and_a_long_queue_is_refused() -> None:
    hasher = CountingHasher(pause=0.01)
    passwords = Passwords(hasher)
    stored = CHEAP.hash(PASSWORD)

    answers = await asyncio.gather(*(passwords.verify(stored, PASSWORD) for _ in range(80)), return_exceptions=True)

    passwords.close()
    assert hasher.most_at_once == 2
    assert answers.count(True) == 64
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 16


class CountingHasher(PasswordHasher):
    def __init__(self, pause: float = 0) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = self.at_once = self.most_at_once = 0
        self.pause = pause

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.pause)
        try:
            return super().verify(hash, password)
        finally:
            self.at_once -= 1
