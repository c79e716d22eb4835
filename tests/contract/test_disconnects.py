"""Browsers leave a page while it loads: nothing of that is a failure in the log."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator

import httpx
import pytest

from tests.accounts import PASSWORD
from tests.board import Board
from tests.contract.conftest import Person

pytestmark = pytest.mark.parametrize('board', ['sqlite'], indirect=True)  # the database has no part in it

RESET = struct.pack('ii', 1, 0)


@pytest.fixture
def visitor(board: Board, alice: Person) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=board.url) as client:
        client.post('/login', data={'email': alice.email, 'password': PASSWORD})
        yield client


def test_who_leaves_while_a_page_loads_leaves_no_trace(board: Board, visitor: httpx.Client) -> None:
    files = re.findall(r'"(/_nicegui/[^"]+)"', visitor.get('/').text)[:12]
    assert len(files) == 12
    cookies = '; '.join(f'{name}={value}' for name, value in visitor.cookies.items())
    for file in files * 3:
        with socket.create_connection(('127.0.0.1', board.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.sendall(f'GET {file} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\n\r\n'.encode())
    assert visitor.get(files[0]).status_code == 200
    assert 'Traceback' not in board.log
