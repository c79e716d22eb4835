"""One server process for each database, with its people, shared by all contract tests; data is each test's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.accounts import PASSWORD
from tests.board import Board
from tests.contract.watched import METRICS_TOKEN


class Person(NamedTuple):
    email: str
    token: str


@pytest.fixture(scope='session', params=['sqlite', 'postgresql'])
def board(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    folder = tmp_path_factory.mktemp(f'board-{request.param}')
    settings = {'REFRESH_SECONDS': '1', 'EXPORTS_PER_MINUTE': '1000', 'METRICS_TOKEN': METRICS_TOKEN}
    board = Board(folder, settings)
    if request.param == 'postgresql':
        server: str = request.getfixturevalue('postgresql')
        settings['DATABASE_URL'] = server.format('postgres')
        assert board.command('db', 'upgrade').returncode == 0
    board.start()
    yield board
    assert board.stop() == 0, board.log
    assert 'Traceback' not in board.log, board.log


_numbers = itertools.count(1)


def _person(board: Board, name: str) -> Person:
    email = f'{name}{next(_numbers)}@example.com'
    return Person(email, board.add_user(email))


@pytest.fixture
def alice(board: Board) -> Person:
    return _person(board, 'alice')


@pytest.fixture
def bob(board: Board) -> Person:
    """Another tenant."""
    return _person(board, 'bob')


@contextmanager
def browser_of(board: Board, email: str) -> Iterator[httpx.Client]:
    """One that is signed in, and has the session in its cookie."""
    with httpx.Client(base_url=board.url, headers={'Origin': board.url}, timeout=30) as browser:
        assert browser.post('/login', data={'email': email, 'password': PASSWORD}).status_code == 303
        yield browser


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / 'own'
    folder.mkdir()
    return folder
