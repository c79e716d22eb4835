"""Exports as programs fetch them: every format by REST, and how a file that is not whole shows."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app import export_response
from app.api.errors import install_error_handlers
from app.export_response import ExportResponse
from services.errors import Unavailable
from services.export_formats import ExportFormat
from services.exports import Download
from tests.board import Board
from tests.contract.conftest import Person

ROWS = [
    {'customer_id': 'c1', 'churn_score': 0.5, 'customer_name': '=SUM(A1)', 'reasons': ['+a|b', '-c']},
    {'customer_id': 'c2', 'churn_score': 0.25},
]


@pytest.fixture
def rest(board: Board, alice: Person) -> Iterator[httpx.Client]:
    with board.rest(alice.token) as client:
        client.post('/api/predictions', json=ROWS)
        yield client


def granted(rest: httpx.Client, **form: str) -> dict[str, Any]:
    answer = rest.post('/api/exports', json=form)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()['data']
    return data


def test_a_link_ends_with_the_token_it_was_asked_for_with(board: Board) -> None:
    with board.rest(board.add_user('in.a.hurry@example.com', seconds=2)) as rest:
        grant = granted(rest, format='json')
        while rest.get('/api/live-data').status_code == 200:
            time.sleep(0.05)
        assert httpx.get(rest.base_url.join(grant['url'])).status_code == 404


@pytest.mark.parametrize('fmt', ExportFormat)
def test_each_format_is_a_download_that_says_how_many_rows_it_holds(rest: httpx.Client, fmt: ExportFormat) -> None:
    grant = granted(rest, format=fmt.value)
    answer = httpx.get(rest.base_url.join(grant['url']))
    assert answer.status_code == 200
    assert grant['rows'] == int(answer.headers['X-Total-Rows']) == 2
    assert answer.headers['Content-Type'] == fmt.media_type
    assert answer.headers['Content-Disposition'].startswith('attachment; filename="churnboard-')
    assert answer.headers['Content-Disposition'].endswith(f'.{fmt.suffix}"')
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    assert answer.headers['Cache-Control'] == 'no-store'
    if fmt is ExportFormat.XLSX:
        assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    else:
        assert 'c1' in answer.text and 'c2' in answer.text
    status = rest.get(f'/api/exports/{grant["id"]}/status').json()['data']
    assert status == {'id': grant['id'], 'format': fmt.value, 'state': 'done', 'rows': 2, 'written': 2}


def test_lines_of_json_are_the_objects_of_the_array(rest: httpx.Client) -> None:
    lines = rest.get(granted(rest, format='ndjson')['url']).text.splitlines()
    array = rest.get(granted(rest, format='json')['url']).json()
    assert [httpx.Response(200, text=line).json() for line in lines] == array
    assert {row['customer_id']: row['reasons'] for row in array} == {'c1': ['+a|b', '-c'], 'c2': None}


def test_a_reader_of_commas_gets_commas(rest: httpx.Client) -> None:
    text = rest.get(granted(rest, format='csv-excel', decimal=',')['url']).content.decode('utf-8-sig')
    assert "c1;'=SUM(A1);0,5;medium;" in text


@pytest.mark.parametrize(
    ('body', 'field'),
    [
        ({'format': 'csv', 'decimal': ','}, 'decimal'),
        ({'format': 'csv-excel', 'decimal': '·'}, 'decimal'),
        ({'format': 'exe'}, 'format'),
        ({'format': 'csv', 'name': '../../x'}, 'name'),
        ({'format': ['csv']}, 'format'),
        ({}, 'format'),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(rest: httpx.Client, body: object, field: str) -> None:
    answer = rest.post('/api/exports', json=body)
    assert (answer.status_code, answer.json()['error']['field']) == (400, field)


def test_what_became_of_an_export_is_its_owners_to_know(board: Board, rest: httpx.Client, bob: Person) -> None:
    path = f'/api/exports/{granted(rest, format="csv")["id"]}/status'
    assert rest.get(path).json()['data']['state'] == 'granted'
    with board.rest(bob.token) as other:
        assert other.get(path).status_code == 404
    assert httpx.get(f'{board.url}{path}').status_code == 401


@dataclass
class Served:
    """An export that answers as a test says, behind the real server."""

    blocks: list[bytes | Exception]
    before: Exception | None = None
    size: int | None = None
    lasting: bool = True
    closed: bool = False

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Download]:
        try:
            if self.before:
                raise self.before
            grant = SimpleNamespace(format=ExportFormat.CSV, file_name='x.csv')
            yield cast(Download, SimpleNamespace(grant=grant, rows=2, size=self.size, blocks=self._blocks))
        finally:
            self.closed = True

    async def _blocks(self) -> AsyncIterator[bytes]:
        for block in self.blocks:
            if isinstance(block, Exception):
                raise block
            yield block

    async def lasts(self, _grant: object) -> bool:
        return self.lasting


@asynccontextmanager
async def server(served: Served) -> AsyncIterator[str]:
    app = FastAPI()
    install_error_handlers(app)

    @app.get('/')
    async def export() -> ExportResponse:
        return ExportResponse(served.opened(), lasts=served.lasts)

    with socket.socket() as listening:
        listening.bind(('127.0.0.1', 0))
        listening.listen()
        config = uvicorn.Config(app, log_config=None, lifespan='off')
        running = uvicorn.Server(config)
        running.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(running.serve(sockets=[listening]))
        try:
            while not running.started:
                assert not task.done(), task.exception()
                await asyncio.sleep(0.01)
            yield f'http://127.0.0.1:{listening.getsockname()[1]}/'
        finally:
            running.should_exit = True
            await task


async def test_a_whole_file_ends_as_one() -> None:
    served = Served([b'a\r\n', b'b\r\n'])
    async with server(served) as url, httpx.AsyncClient() as client:
        answer = await client.get(url)
    assert (answer.status_code, answer.content) == (200, b'a\r\nb\r\n')
    assert served.closed


@pytest.mark.parametrize('size', [None, 100])
@pytest.mark.parametrize('failure', [Unavailable('The disk is full.'), ValueError('unforeseen')])
async def test_a_file_that_is_cut_never_ends_as_if_it_were_whole(failure: Exception, size: int | None) -> None:
    served = Served([b'a\r\n', failure], size=size)
    async with server(served) as url, httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url)
    assert served.closed


async def test_what_fails_before_the_first_byte_is_an_error_like_any_other() -> None:
    served = Served([], before=Unavailable('The disk is full.', retry_after=60))
    async with server(served) as url, httpx.AsyncClient() as client:
        answer = await client.get(url)
    assert (answer.status_code, answer.headers['Retry-After']) == (503, '60')
    assert answer.json()['error']['message'] == 'The disk is full.'


async def test_a_download_ends_with_the_right_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_response, 'CHECK_SECONDS', 0)
    served = Served([b'a', b'b'], lasting=False)
    async with server(served) as url, httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url)


async def test_who_does_not_take_the_file_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_response, 'STALL_SECONDS', 0.2)
    served = Served([b'x' * 1_000_000] * 40)
    async with server(served) as url:
        _reader, writer = await asyncio.open_connection('127.0.0.1', int(url.rstrip('/').rpartition(':')[2]), limit=1)
        writer.write(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        async with asyncio.timeout(60):
            while not served.closed:  # noqa: ASYNC110 -- what is waited for happens in the server
                await asyncio.sleep(0.02)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_who_goes_away_ends_the_export() -> None:
    served = Served([b'x' * 1_000_000] * 40)
    async with server(served) as url, httpx.AsyncClient() as client:
        async with client.stream('GET', url) as answer:
            await anext(answer.aiter_bytes())
        async with asyncio.timeout(60):
            while not served.closed:  # noqa: ASYNC110 -- what is waited for happens in the server
                await asyncio.sleep(0.02)
