"""The programs in ``examples/`` against a real server."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

from tests.accounts import PASSWORD
from tests.board import ROOT, Board
from tests.e2e.programs import output, run_javascript

EXAMPLES = ROOT / 'examples'


class Account(NamedTuple):
    email: str
    token: str


@pytest.fixture
def account(board: Board) -> Account:
    email = f'{uuid.uuid4().hex}@example.com'
    return Account(email, board.add_user(email))


@pytest.fixture
def send(board: Board, account: Account) -> Callable[[], str]:
    environment = {'CHURNBOARD_URL': board.url, 'CHURNBOARD_TOKEN': account.token}
    return lambda: output('sh', str(EXAMPLES / 'send_scores.sh'), until='"as_of"', environment=environment)


def test_the_shell_script_sends_predictions_and_reads_the_numbers(send: Callable[[], str]) -> None:
    sent, read = (json.loads(line) for line in send().splitlines() if line)
    assert sent['data']['accepted'] == 2
    assert read['data']['metrics']['total_predictions'] == 2


def test_the_python_program_follows_the_board(board: Board, account: Account, send: Callable[[], str]) -> None:
    environment = {
        'CHURNBOARD_URL': board.url,
        'CHURNBOARD_EMAIL': account.email,
        'CHURNBOARD_PASSWORD': PASSWORD,
        'PYTHONUNBUFFERED': '1',
    }
    send()
    said = output(sys.executable, '-m', 'examples.follow_board', until='are high risk', environment=environment)
    assert 'status: connected' in said
    assert '1 of 2 are high risk' in said


def test_the_python_program_says_why_it_ends(board: Board, account: Account) -> None:
    environment = {'CHURNBOARD_URL': board.url, 'CHURNBOARD_EMAIL': account.email, 'CHURNBOARD_PASSWORD': 'wrong'}
    said = output(sys.executable, '-m', 'examples.follow_board', until='This is the end', environment=environment)
    assert said.startswith('This is the end: 401')


def test_the_javascript_program_follows_the_board(
    board: Board, account: Account, send: Callable[[], str], page: Page
) -> None:
    environment = {'CHURNBOARD_URL': board.url, 'CHURNBOARD_TOKEN': account.token}
    with says(page, f'success Signed in as {account.email}.'), says(page, '0 of 0 are high risk'):
        run_javascript(page, board, (EXAMPLES / 'follow_board.mjs').read_text(), environment)
    with says(page, 'new: C-1 0.82'), says(page, '1 of 2 are high risk'):
        send()


def says(page: Page, words: str) -> AbstractContextManager[object]:
    return page.expect_console_message(lambda message: message.text == words, timeout=20_000)
