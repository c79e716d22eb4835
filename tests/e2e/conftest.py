"""A real server with the telco data, and a real Chromium in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.accounts import PASSWORD
from tests.board import Board
from tests.chromium import launch_options

ALICE = 'alice@example.com'
BOB = 'bob@example.com'

expect.set_options(timeout=20_000)  # milliseconds: on a burdened machine what is right comes late, and is right


@pytest.fixture(scope='session')
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, **launch_options()}


@pytest.fixture(scope='session')
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """Alice has the telco data, if it is here; Bob has nothing yet."""
    board = Board(tmp_path_factory.mktemp('board'))
    board.start()
    board.add_user(ALICE)
    board.add_user(BOB)
    yield board
    assert board.stop() == 0, board.log
    assert 'Traceback' not in board.log, board.log


@pytest.fixture(scope='session')
def telco_board(board: Board, telco: Path) -> Board:
    files = sorted(str(file) for file in telco.glob('predictions-*.csv'))
    done = board.command('import', *files, '--user', ALICE)
    assert done.returncode == 0, done.stderr
    return board


@pytest.fixture
def sign_in(page: Page) -> Callable[[Board, str], Page]:
    return lambda board, email: enter(page, board, email)


def enter(page: Page, board: Board, email: str) -> Page:
    page.goto(board.url)
    page.get_by_label('E-mail').fill(email)
    page.get_by_label('Password').fill(PASSWORD)
    page.get_by_role('button', name='Sign in').click()
    expect(page).to_have_url(f'{board.url}/')
    return page


def value(page: Page, metric: str) -> Any:
    """The number on a card."""
    return page.locator(f'.card-{metric} .card-value')


def now() -> str:
    return datetime.now(UTC).isoformat()
