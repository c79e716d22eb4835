"""The load of ``bench page``: browser tabs without a browser, in this process.

Each does what NiceGUI's script does in a browser, as far as a server can tell: it gets the page, connects to the page's
socket with what the page says of itself, again where that was lost, answers pings, acknowledges what came every few
seconds, and asks for the charts once there are numbers, as ``assets/live.js`` does. A tab that is kept also keeps its
elements up to date.
"""

from __future__ import annotations

import ast
import asyncio
import gzip
import json
import re
import time
import uuid
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson

from benchmarks.live_clients import Heard
from benchmarks.live_rest import connected
from benchmarks.websocket import WebSocket
from components.connection import BEAT
from components.markup import nodes
from services.errors import Unavailable

CONNECT_SECONDS = 60
AT_ONCE = 10
"""Tabs that are opening at a time: each keeps the server busy for a while."""

ACK_SECONDS = 3.0
"""NiceGUI's own."""

RECONNECT_SECONDS = 1.0
"""That of assets/live.js."""

QUERY = re.compile(r'query: (\{.*?\}),\n')
ELEMENTS = re.compile(r'parseElements\(String\.raw`(.*?)`\)', re.DOTALL)
ESCAPES = {'&#36;': '$', '&#96;': '`', '&gt;': '>', '&lt;': '<', '&amp;': '&'}
"""In the order in which NiceGUI's script undoes them."""

Elements = dict[str, dict[str, Any]]


@dataclass
class TabsHeard(Heard):
    """What tabs heard since the counting began."""

    gaps: list[float] = field(default_factory=list)
    """Seconds from one time a tab was told how fresh its numbers are to the next."""
    gone: int = 0
    """Tabs that the server sent away; those that lost their connection, and came back, are ``lost``."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page as the server sent it."""

    query: dict[str, Any]
    """What the page's script says when it connects."""
    elements: Elements

    @classmethod
    def read(cls, html: str) -> Page:
        """:raises Unavailable: this is no page of NiceGUI."""
        query, elements = QUERY.search(html), ELEMENTS.search(html)
        if not query or not elements:
            raise Unavailable(f'The server sent no page to a tab: {html[:200]!r}')
        text = elements[1]
        for written, meant in ESCAPES.items():
            text = text.replace(written, meant)
        return cls(query=ast.literal_eval(query[1]), elements=orjson.loads(text))


class Tabs:
    """A number of tabs of one server."""

    def __init__(self, port: int) -> None:
        self.heard = TabsHeard()
        self.kept: list[Tab] = []
        """The first ones, in the order of their cookies."""
        self._port = port
        self._tabs: list[Tab] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tabs)

    async def connect(self, cookies: Sequence[str], *, keep: int = 0) -> float:
        """Open a tab for each cookie; gives the seconds until all of them show everything.

        :param cookies: as the browser would send them.
        :param keep: how many of them are kept.
        :raises Unavailable: one was refused, or had to wait for too long.
        """
        began = time.perf_counter()
        places = asyncio.Semaphore(AT_ONCE)
        opened = await asyncio.gather(
            *(self._connect(cookie, places, number < keep) for number, cookie in enumerate(cookies))
        )
        self.kept += opened[:keep]
        return time.perf_counter() - began

    async def _connect(self, cookie: str, places: asyncio.Semaphore, kept: bool) -> Tab:
        loop = asyncio.get_running_loop()
        async with places:
            host = f'127.0.0.1:{self._port}'
            headers = {'Host': host, 'Cookie': cookie, 'Accept-Encoding': 'gzip', 'Accept-Language': 'en-US'}
            async with connected(self._port) as connection:
                answer = await connection.ask('/', headers=headers)
            packed = answer.headers.get('content-encoding') == 'gzip'
            page = Page.read((gzip.decompress(answer.body) if packed else answer.body).decode())
            tab = Tab(self, page, cookie=cookie, port=self._port, complete=loop.create_future(), kept=kept)
            self._tabs.append(tab)
            await tab.connect()
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await tab.complete
            except TimeoutError as error:
                raise Unavailable(f'A tab did not show everything after {CONNECT_SECONDS} s.') from error
            return tab

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something for a tab beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def count_anew(self) -> TabsHeard:
        """Begin to count anew; gives what was heard until now."""
        heard, self.heard = self.heard, TabsHeard()
        return heard

    async def disconnect(self) -> None:
        """Leave, all at once, and wait until the server may have noticed."""
        for tab in self._tabs:
            tab.leave()
        self._tabs.clear()
        self.kept.clear()
        await asyncio.sleep(1)


class Tab(WebSocket):
    """One tab."""

    def __init__(
        self, tabs: Tabs, page: Page, *, cookie: str, port: int, complete: asyncio.Future[None], kept: bool
    ) -> None:
        ids = {'document_id': uuid.uuid4(), 'tab_id': uuid.uuid4(), 'old_tab_id': 'null'}
        self._query = {key: str(value).lower() if value is True else value for key, value in page.query.items()} | ids
        host = f'127.0.0.1:{port}'
        super().__init__('', {'Host': host, 'Origin': f'http://{host}', 'Cookie': cookie})
        self.complete = complete
        """Done when the page's socket is open, and the charts are there that the page has."""
        self.elements = page.elements if kept else None
        """What the page shows, where that is kept; as in the browser."""
        self._tabs = tabs
        self._port = port
        self._client_id = page.query['client_id']
        self._next = int(page.query['next_message_id'])
        self._acknowledged = -1
        self._charts = {number: _listener(element) for number, element in page.elements.items() if _is_lazy(element)}
        self._empty_charts = set(self._charts)
        self.open = False
        """Whether it is connected."""
        self._gone = False
        """For good."""
        asyncio.get_running_loop().call_later(ACK_SECONDS, self._acknowledge)
        self._fresh_at: float | None = time.perf_counter() if _fresh(page.elements) else None

    def take(self, text: bytes) -> None:
        if text.startswith(b'42'):
            self._hear(text)
        elif text == b'2':
            self._tabs.heard.pings += 1
            self.send(b'3')
        elif text.startswith(b'0'):
            self.send(b'40')
        elif text.startswith(b'40'):
            self.open = True
            self._want_charts()
        elif text.startswith((b'41', b'44')):
            self.refused(text)

    async def connect(self) -> None:
        """As the page's script does, the first time and whenever the connection was lost."""
        query = {**self._query, 'next_message_id': self._next, 'EIO': 4, 'transport': 'websocket'}
        self.target = f'/_nicegui_ws/socket.io/?{urlencode(query)}'
        await asyncio.get_running_loop().create_connection(lambda: self, '127.0.0.1', self._port)

    def ended(self) -> None:
        self._tabs.heard.lost += 1
        self.open = False
        asyncio.get_running_loop().call_later(RECONNECT_SECONDS, self._reconnect)

    def refused(self, answer: bytes) -> None:
        self._tabs.heard.gone += 1
        self.leave()
        if not self.complete.done():
            self.complete.set_exception(
                Unavailable(f'The server refused a tab: {answer[:200].decode(errors="replace")}')
            )

    def leave(self) -> None:
        self.open = False
        self._gone = True
        super().leave()

    def texts(self, css_class: str) -> Iterator[str]:
        """The texts of all tags of a class that are drawn from data; of a tab that is kept."""
        drawn = (element['props']['tree'] for element in (self.elements or {}).values() if 'tree' in _props(element))
        for tree in drawn:
            for _, attributes, children in nodes(tree):
                if css_class in attributes.get('class', '').split():
                    yield from (child for child in children if isinstance(child, str))

    def _hear(self, payload: bytes) -> None:
        name, message = orjson.loads(payload[2:])
        number = message.pop('_id', None) if isinstance(message, dict) else None
        if number is not None:
            if number < self._next:
                return  # it was here before
            self._next = number + 1
        heard = self._tabs.heard
        heard.events[name] += 1
        heard.bytes[name] += len(payload)
        if name == 'update':
            self._update(message)
        elif name == BEAT:
            self._note_fresh()
        elif name == 'open' or (name == 'run_javascript' and 'location.reload' in message['code']):
            self.refused(payload)  # a browser would go away from this page

    def _update(self, changes: dict[str, dict[str, Any] | None]) -> None:
        if _fresh(changes):
            self._note_fresh()
            self._want_charts()
        if self._empty_charts:
            self._empty_charts -= {number for number, element in changes.items() if element and 'children' in element}
        self._check_complete()
        if self.elements is not None:
            for number, element in changes.items():
                if element is None:
                    self.elements.pop(number, None)
                else:
                    self.elements[number] = element

    def _note_fresh(self) -> None:
        now = time.perf_counter()
        if self._fresh_at is not None:
            self._tabs.heard.gaps.append(now - self._fresh_at)
        self._fresh_at = now

    def _want_charts(self) -> None:
        """As if all of them were near; a page without numbers never asks."""
        if self.open and self._fresh_at is not None:
            for number, listener in self._charts.items():
                event = {'id': int(number), 'client_id': self._client_id, 'listener_id': listener, 'args': []}
                self._emit('event', event)
            self._charts.clear()
        self._check_complete()

    def _check_complete(self) -> None:
        if self.open and not self._empty_charts and not self.complete.done():
            self.complete.set_result(None)

    def _acknowledge(self) -> None:
        if self.open and self._acknowledged < self._next:
            self._emit('ack', {'client_id': self._client_id, 'next_message_id': self._next})
            self._acknowledged = self._next
        if not self._gone:
            asyncio.get_running_loop().call_later(ACK_SECONDS, self._acknowledge)

    def _reconnect(self) -> None:
        if not self._gone:
            self._tabs.start(self._connect_again())

    async def _connect_again(self) -> None:
        try:
            await self.connect()
        except OSError:
            self.ended()

    def _emit(self, event: str, data: dict[str, Any]) -> None:
        self.send(b'42' + json.dumps([event, data]).encode())


def _props(element: dict[str, Any]) -> Any:
    return element.get('props', {})


def _is_lazy(element: dict[str, Any]) -> bool:
    return any(event['type'] == 'near' for event in element.get('events', ()))


def _listener(element: dict[str, Any]) -> str:
    """Whom the server wants to be told that a chart is near."""
    return next(str(event['listener_id']) for event in element['events'] if event['type'] == 'near')


def _fresh(elements: Elements | dict[str, dict[str, Any] | None]) -> bool:
    """Whether it is told how fresh the numbers are."""
    return any(element and 'data-as-of' in _props(element) for element in elements.values())
