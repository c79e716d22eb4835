"""What a page names is there under the name it gives, for ever, and packed."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.board import Board
from tests.contract.conftest import Person, browser_of

NAMED = re.compile(r'(?:href|src)="(/assets/[^"]+)"')


@pytest.mark.parametrize('path', ['/', '/data', '/settings', '/connect', '/api/docs'])
def test_the_files_of_a_page_come_packed_and_may_be_kept_for_ever(board: Board, alice: Person, path: str) -> None:
    with browser_of(board, alice.email) as browser:
        names = set(NAMED.findall(browser.get(path).text))
    assert names
    for name in names:
        first, second = httpx.get(board.url + name), httpx.get(board.url + name)
        assert first.status_code == 200, name
        assert (
            first.headers['cache-control'] == second.headers['cache-control'] == 'public, max-age=31536000, immutable'
        )
        assert second.headers['content-encoding'] == 'gzip'
