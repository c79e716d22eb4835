"""How far a long piece of work has come, for a person who is watching."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

PAUSE = 0.1
"""Seconds between two updates: faster than that, nobody can read."""


class Progress:
    """One line that is written over and over on a terminal; silent where standard error goes to a file."""

    def __init__(self, name: str, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._stream = stream
        self._clock = clock
        self._shown = stream.isatty()
        self._started = clock()
        self._next = self._started

    def __call__(self, rows: int) -> None:
        now = self._clock()
        if not self._shown or now < self._next:
            return
        self._next = now + PAUSE
        rate = rows / max(now - self._started, 0.001)
        self._write(f'{self._name}: {rows:,} rows, {rate:,.0f} rows/s')

    def clear(self) -> None:
        """Make room for what is said next."""
        if self._shown:
            self._write('')

    def _write(self, text: str) -> None:
        self._stream.write(f'\r\x1b[K{text}')
        self._stream.flush()
