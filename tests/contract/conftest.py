"""One server process for each database, with its people, shared by all contract tests; data is each test's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

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


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / 'own'
    folder.mkdir()
    return folder
