"""Passwords: which are good enough, and their argon2id hashes, computed off the event loop."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.errors import InvalidRequest, Unavailable
from services.weak_passwords import is_weak

T = TypeVar('T')

MIN_CHARACTERS = 15
MAX_BYTES = 1024
AT_ONCE = 2
"""Hashings at a time: each takes 64 MiB and a core for some 100 ms."""
MAX_WAITING = 64


class Passwords:
    """Hashes and verifies on two threads of its own, so that a storm of sign-ins starves nobody else."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._workers = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix='passwords')
        self._waiting = 0

    async def hash(self, password: str, *, email: str) -> str:
        """The hash to store for a new password.

        :raises InvalidRequest: the password is not good enough.
        """
        accepted = acceptable(password, email=email)
        return await self._run(lambda: self._hasher.hash(accepted))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password belongs to the hash; ``None`` (an unknown user) takes as long and is never right."""
        normal = _normalised(password)
        if normal is None:
            return False
        return await self._run(lambda: self._matches(password_hash, normal))

    async def rehash(self, password_hash: str, password: str) -> str | None:
        """A new hash of a verified password if the stored one was made with other parameters than today's."""
        normal = _normalised(password)
        if normal is None or not self._hasher.check_needs_rehash(password_hash):
            return None
        return await self._run(lambda: self._hasher.hash(normal))

    def close(self) -> None:
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _matches(self, password_hash: str | None, password: str) -> bool:
        try:
            self._hasher.verify(self._dummy_hash if password_hash is None else password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    @cached_property
    def _dummy_hash(self) -> str:
        return self._hasher.hash('nobody has this password')

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise Unavailable('Too many people are signing in at this moment. Try again shortly.', retry_after=5)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._workers, work)
        finally:
            self._waiting -= 1


def acceptable(password: str, *, email: str) -> str:
    """The password in the form that is hashed.

    :raises InvalidRequest: it is too short, too long or easily guessed.
    """
    normal = _normalised(password)
    if normal is None:
        raise InvalidRequest(f'The password is too long: at most {MAX_BYTES} bytes of text.', field='password')
    if len(normal) < MIN_CHARACTERS:
        raise InvalidRequest(
            f'The password is too short: use at least {MIN_CHARACTERS} characters, such as a few unrelated words.',
            field='password',
        )
    if is_weak(normal, email=email):
        raise InvalidRequest(
            'The password is too easy to guess: use a few unrelated words, not a common password, a repetition, '
            'a keyboard row or your e-mail address.',
            field='password',
        )
    return normal


def _normalised(password: str) -> str | None:
    """NFC, so that a letter typed on another keyboard is the same letter; ``None`` if it cannot be a password.

    The length is checked first: normalising and hashing cost time that grows with it.
    """
    if len(password) > MAX_BYTES:
        return None
    normal = unicodedata.normalize('NFC', password)
    try:
        return normal if len(normal.encode()) <= MAX_BYTES else None
    except UnicodeEncodeError:  # a lone surrogate
        return None
