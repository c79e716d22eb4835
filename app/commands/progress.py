"""How far a long piece of work has come, for a person who is watching."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

PAUSE = 0.1
"""Seconds between two updates on a terminal: faster than that, nobody can read."""

LOG_PAUSE = 3.0
"""Seconds between two lines in a log: enough to see that it goes on."""


class Progress:
    """One line that is written over and over on a terminal; now and then a line where standard error goes elsewhere."""

    def __init__(self, name: str, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._phase = ''
        self._started = clock()
        self._next = self._started + (0 if self._terminal else LOG_PAUSE)

    def read(self, rows: int) -> None:
        self._show('read', rows)

    def stored(self, rows: int) -> None:
        self._show('stored', rows)

    def clear(self) -> None:
        """Make room for what is said next."""
        if self._terminal:
            self._write('')

    def _show(self, phase: str, rows: int) -> None:
        now = self._clock()
        if phase != self._phase:
            self._phase, self._started = phase, now if self._phase else self._started
        if now < self._next:
            return
        self._next = now + (PAUSE if self._terminal else LOG_PAUSE)
        rate = rows / max(now - self._started, 0.001)
        self._write(f'{self._name}: {rows:,} rows {phase}, {rate:,.0f} rows/s')

    def _write(self, text: str) -> None:
        self._stream.write(f'\r\x1b[K{text}' if self._terminal else f'{text}\n')
        self._stream.flush()
