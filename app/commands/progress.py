"""How far a long piece of work has come, for a person who is watching."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

PAUSE = 0.1
"""Seconds between two updates on a terminal: faster than that, nobody can read."""

WIDTH = 24
"""Characters of the bar."""

LOG_PAUSE = 3.0
"""Seconds between two lines in a log: enough to see that it goes on."""


class Progress:
    """One line that is written over and over on a terminal; now and then a line where standard error goes elsewhere."""

    def __init__(
        self, name: str, stream: TextIO, *, unit: str = 'rows', clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._unit = unit
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._phase = ''
        self._total = 0
        self._started = self._latest = clock()
        self._next = self._started + (0 if self._terminal else LOG_PAUSE)

    def read(self, rows: int, rejected: int) -> None:
        self._total = rows
        self._show('read', rows, note=f', {rejected:,} rejected' if rejected else '')

    def stored(self, rows: int) -> None:
        self._show('stored', rows, bar=_bar(rows, self._total) if self._terminal else '')

    def done_of(self, done: int, total: int) -> None:
        self._total = total
        self._show('done', done, bar=_bar(done, total) if self._terminal else '')

    def clear(self) -> None:
        """Make room for what is said next."""
        if self._terminal:
            self._write('')

    def _show(self, phase: str, rows: int, *, bar: str = '', note: str = '') -> None:
        now = self._clock()
        if phase != self._phase:
            self._phase, self._started = phase, self._latest
        self._latest = now
        if now < self._next:
            return
        self._next = now + (PAUSE if self._terminal else LOG_PAUSE)
        rate = rows / max(now - self._started, 0.001)
        self._write(f'{self._name}: {bar}{rows:,} {self._unit} {phase}{note}, {rate:,.0f} {self._unit}/s')

    def _write(self, text: str) -> None:
        self._stream.write(f'\r\x1b[K{text}' if self._terminal else f'{text}\n')
        self._stream.flush()


def _bar(rows: int, total: int) -> str:
    """How much of all there is."""
    filled = WIDTH * rows // max(total, rows, 1)
    return f'[{"█" * filled}{"·" * (WIDTH - filled)}] '
