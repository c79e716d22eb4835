"""Sending a file that is deleted at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.file_response import BLOCK, OpenedFileResponse
from services.errors import NotFound


def response(path: Path) -> OpenedFileResponse:
    return OpenedFileResponse(path, filename='é.csv', media_type='text/csv', gone='It is gone.', headers={'X-Own': '1'})


async def receive() -> Any:
    raise AssertionError('nothing is read')


async def test_a_file_that_is_deleted_after_its_beginning_is_sent_whole(tmp_path: Path) -> None:
    path, sent = tmp_path / 'x', list[dict[str, Any]]()
    content = bytes(range(256)) * (BLOCK // 100)
    path.write_bytes(content)

    async def send(message: Any) -> None:
        path.unlink(missing_ok=True)
        sent.append(message)

    await response(path)({'type': 'http'}, receive, send)
    assert b''.join(message['body'] for message in sent[1:]) == content
    assert not sent[-1].get('more_body')
    headers = dict(sent[0]['headers'])
    assert headers[b'content-length'] == str(len(content)).encode()
    assert headers[b'content-disposition'] == b"attachment; filename*=utf-8''%C3%A9.csv"
    assert headers[b'x-own'] == b'1'
    assert b'accept-ranges' not in headers


async def test_a_file_that_is_deleted_before_is_not_there_and_nothing_is_sent(tmp_path: Path) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(NotFound, match='It is gone'):
        await response(tmp_path / 'x')({'type': 'http'}, receive, send)
    assert sent == []
