"""A browser's page without a browser: signed in, loaded, and linked as its script does it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.page_tabs import Page
from tests.accounts import PASSWORD
from tests.board import Board
from tests.contract.raw_engine import NO_CERTIFICATES


class Browser:
    """One that is signed in, and has loaded the board."""

    def __init__(self, http: httpx.AsyncClient, page: Page) -> None:
        self.http = http
        self.page = page
        self._tab = uuid.uuid4()

    @property
    def client_id(self) -> str:
        return str(self.page.query['client_id'])

    def listener(self) -> tuple[int, str]:
        """An element that hears something, and what."""
        for number, element in self.page.elements.items():
            for event in (element or {}).get('events', []):
                return int(number), event['listener_id']
        raise AssertionError('the page hears nothing')

    def path(self, **query: object) -> str:
        """Where the page's script links to, unless ``query`` says otherwise."""
        said = {key: str(value).lower() if value is True else value for key, value in self.page.query.items()}
        ids = {'document_id': uuid.uuid4(), 'tab_id': self._tab, 'old_tab_id': 'null'}
        return f'/_nicegui_ws/socket.io/?{urlencode({**said, **ids, "EIO": 4, **query})}'

    @asynccontextmanager
    async def polling(self) -> AsyncIterator[str]:
        """The page's link by polling; gives where to post."""
        self.http.headers['Origin'] = str(self.http.base_url)
        path = self.path(transport='polling')
        greeting = json.loads((await self.http.get(path)).text[1:])
        path = f'{path}&sid={greeting["sid"]}'
        assert (await self.http.post(path, content='40')).text == 'OK'
        yield path

    @asynccontextmanager
    async def socket(self, **query: object) -> AsyncIterator[ClientConnection]:
        """The page's socket, linked as the page's script does unless ``query`` says otherwise."""
        url = f'ws://{self.http.base_url.netloc.decode()}{self.path(transport="websocket", **query)}'
        headers = {
            'Cookie': '; '.join(f'{name}={value}' for name, value in self.http.cookies.items()),
            'Origin': str(self.http.base_url),
        }
        async with connect(url, additional_headers=headers, max_size=None) as socket:
            await socket.recv()
            await socket.send('40')
            yield socket


@asynccontextmanager
async def signed_in(board: Board, email: str) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(base_url=board.url, verify=NO_CERTIFICATES, timeout=60) as http:
        signed = await http.post('/login', data={'email': email, 'password': PASSWORD})
        assert signed.status_code == 303
        yield Browser(http, Page.read((await http.get('/')).text))


async def linked(socket: ClientConnection) -> None:
    """Wait until the page's socket is accepted."""
    async with asyncio.timeout(20):
        while not str(await socket.recv()).startswith('40'):
            pass
