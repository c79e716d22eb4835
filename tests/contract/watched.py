"""A server whose figures are read, and whose log has to stay clean."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from tests.accounts import PASSWORD, SECRET
from tests.board import ROOT, Board
from tests.contract.raw_engine import NO_CERTIFICATES

HELD_SECONDS = 0.25
"""For so long the loop may be held."""

METRICS_TOKEN = 'metrics-token-of-the-tests'
HELD = ('connections', 'unauthenticated', 'engines', 'namespace_members', 'watched_users')
"""Figures of what is held for connections, and for nothing else."""


@contextmanager
def watched_board(folder: Path, **settings: str) -> Iterator[Board]:
    board = Board(folder, {'REFRESH_SECONDS': '0.5', 'METRICS_TOKEN': METRICS_TOKEN, **settings})
    board.start()
    try:
        yield board
    finally:
        code = board.stop()
    assert code == 0, board.log
    assert 'Traceback' not in board.log, board.log


async def figures(board: Board) -> dict[str, float]:
    async with httpx.AsyncClient(base_url=board.url, verify=NO_CERTIFICATES) as rest:
        answer = await rest.get('/metrics', headers={'Authorization': f'Bearer {METRICS_TOKEN}'})
    assert answer.status_code == 200
    lines = [line.rpartition(' ') for line in answer.text.splitlines() if not line.startswith('#')]
    return {line[0].removeprefix('churnboard_'): float(line[2]) for line in lines}


async def figure(board: Board, name: str) -> float:
    return (await figures(board)).get(name, 0.0)


async def dropped(board: Board, reason: str) -> float:
    return await figure(board, f'dropped_total{{reason="{reason}"}}')


async def refused(board: Board, reason: str) -> float:
    return await figure(board, f'refusals_total{{reason="{reason}"}}')


async def until_figures(board: Board, wanted: dict[str, float], *, seconds: float = 20) -> None:
    """Wait until these figures are so."""
    now: dict[str, float] = {}
    try:
        async with asyncio.timeout(seconds):
            while now != wanted:
                await asyncio.sleep(0.05 if now else 0)
                found = await figures(board)
                now = {name: found.get(name, 0.0) for name in wanted}
    except TimeoutError:
        raise AssertionError(f'{now}, not {wanted}') from None


async def until_figure(board: Board, name: str, value: float) -> None:
    await until_figures(board, {name: value})


class Log:
    """What the server logged since."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._length = len(board.log)

    @property
    def text(self) -> str:
        return self._board.log[self._length :]

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@asynccontextmanager
async def leaving_nothing(board: Board, *, most: float = HELD_SECONDS) -> AsyncIterator[Log]:
    """Connections come and go meanwhile, and neither they nor a trace of a failure stays.

    :param most: as for :func:`unharmed`.
    """
    async with unharmed(board, most=most) as log:
        before = await figures(board)
        yield log
        await until_figures(board, {name: before[name] for name in HELD})


@asynccontextmanager
async def unharmed(board: Board, *, most: float = HELD_SECONDS) -> AsyncIterator[Log]:
    """Whatever is sent meanwhile, the server goes on, held for no longer than it may be, and tells nothing of itself.

    How long is what the server says it worked itself while the loop came to nothing else: other processes, of which
    there are many on a machine that tests, add nothing to it. A ping from here would measure them.

    :param most: seconds that the loop may be held for; up to 1 where thousands of events are there at a time, as their
        limits are out of the way.
    """
    async with asyncio.timeout(20):  # a server that has just begun has not measured anything
        while not (before := await figures(board))['loop_held_seconds_count']:  # noqa: ASYNC110 -- nothing tells
            await asyncio.sleep(0.05)
    log = Log(board)
    yield log
    after = await figures(board)
    assert after['process_start_time_seconds'] == before['process_start_time_seconds'], 'another process has come'
    held = {name: after[name] for name in after if 'held' in name}
    assert _held_longer(after, most) == _held_longer(before, most), held
    assert_tells_nothing(log.text, board)
    assert not SECRETS.search(log.text), log.text


def _held_longer(found: dict[str, float], seconds: float) -> float:
    """How often the event loop was held for more than that."""
    return found['loop_held_seconds_count'] - found[f'loop_held_seconds_bucket{{le="{seconds}"}}']


INTERNALS = re.compile(
    r'Traceback|File "|, line \d+|site-packages|\.py\b|\w+Error\b|\bSELECT\b.*\bFROM\b|INSERT INTO|BEGIN IMMEDIATE'
    r'|\b(sqlalchemy|sqlmodel|psycopg2?|sqlite3?|pydantic|starlette|fastapi|uvicorn|engineio|socketio|orjson|argon2)[._$]'
)
"""How traces, names of libraries, statements and paths of ours show themselves."""

SECRETS = re.compile(r'eyJ[\w-]+\.[\w-]+\.[\w-]+|cbk_[\w-]{43}|\bsid=|Bearer \S')
"""What no log may hold; in an answer it is the client's own."""


def assert_tells_nothing(text: str, board: Board) -> None:
    """None of that, nor a secret, is in what somebody was told."""
    found = INTERNALS.search(text)
    assert not found, text[max(0, found.start() - 200) : found.end() + 200]
    for secret in (SECRET, PASSWORD, METRICS_TOKEN, str(ROOT), str(board.folder)):
        assert secret not in text
