"""Files are packed once; what differs from reader to reader never comes out of what is kept."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.kept_files import KeptFiles

FILE = '/_nicegui/3.18.0/static/vue.js'
TEXT = 'a script. ' * 500


class Server:
    """Answers with a text, and counts how often it had to."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.asked = 0
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await self._answer(Request(scope))(scope, receive, send)


def visitor(server: Callable[[Scope, Receive, Send], Awaitable[None]], **options: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(KeptFiles(GZipMiddleware(server), **options)), base_url='http://board'
    )


async def test_a_file_is_read_and_packed_once() -> None:
    server = Server(lambda _: PlainTextResponse(TEXT, headers={'Cache-Control': 'public, immutable'}))
    async with visitor(server) as client:
        first, second = await client.get(FILE), await client.get(FILE)
    assert server.asked == 1
    assert first.text == second.text == TEXT
    assert first.headers == second.headers
    assert second.headers['content-encoding'] == 'gzip'
    assert second.headers['cache-control'] == 'public, immutable'


async def test_all_parts_of_a_long_file_are_kept() -> None:
    async def long(scope: Scope, receive: Receive, send: Send) -> None:
        await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-encoding', b'gzip')]})
        packed = gzip.compress(TEXT.encode())
        for at in range(0, len(packed), 10):
            await send({'type': 'http.response.body', 'body': packed[at : at + 10], 'more_body': True})
        await send({'type': 'http.response.body', 'body': b''})

    async with visitor(long) as client:
        assert [(await client.get(FILE)).text for _ in range(3)] == [TEXT] * 3


async def test_what_ended_as_its_reader_went_is_not_kept() -> None:
    """NiceGUI's layers end such an answer early, as if it was whole: all others would get half a script."""

    async def file(scope: Scope, receive: Receive, send: Send) -> None:
        async def parts() -> AsyncIterator[str]:
            for _ in range(100):
                yield TEXT
                await asyncio.sleep(0)

        await StreamingResponse(parts(), media_type='text/javascript')(scope, receive, send)

    class Layer(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            return await call_next(request)

    kept = KeptFiles(GZipMiddleware(Layer(file)))
    scope = {
        'type': 'http', 'method': 'GET', 'path': FILE, 'headers': [(b'accept-encoding', b'gzip')],
        'query_string': b'', 'http_version': '1.1', 'scheme': 'http',
    }  # fmt: skip
    messages: list[Message] = [{'type': 'http.request', 'body': b''}]

    async def receive() -> Message:
        return messages.pop() if messages else {'type': 'http.disconnect'}

    async def send(_message: Message) -> None: ...

    await kept(scope, receive, send)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(kept), base_url='http://board') as client:
        assert (await client.get(FILE)).text == TEXT * 100


@pytest.mark.parametrize('path', [
    '/', '/api/live-data', '/customers/7', '/_nicegui_ws/socket.io/', '/_nicegui/3.18.0/dynamic_resources/x',
    '/_nicegui/auto/static/report.csv', '/exports/1', '/assets/', '/assets//board.css', '/assets/%2e/board.css',
    '/assets/x%2f..%2fboard.css', '/_nicegui/3.18.0/static//vue.js',
])  # fmt: skip
async def test_what_is_no_file_of_a_page_is_never_kept(path: str) -> None:
    server = Server(lambda request: PlainTextResponse(request.headers['x-reader'] * 600))
    async with visitor(server) as client:
        mine = await client.get(path, headers={'X-Reader': 'a'})
        theirs = await client.get(path, headers={'X-Reader': 'b'})
    assert (mine.text[:1], theirs.text[:1]) == ('a', 'b')


@pytest.mark.parametrize('response', [
    lambda: PlainTextResponse('Sign in first. ' * 50, 403),
    lambda: PlainTextResponse('There is none. ' * 50, 404),
    lambda: PlainTextResponse(TEXT, headers={'Set-Cookie': 'session=secret'}),
])  # fmt: skip
async def test_only_the_file_itself_is_kept(response: Callable[[], Response]) -> None:
    server = Server(lambda _: response())
    async with visitor(server) as client:
        await client.get(FILE)
        await client.get(FILE)
    assert server.asked == 2


@pytest.mark.parametrize('headers', [
    {'Accept-Encoding': 'identity'}, {'Range': 'bytes=0-9'}, {'If-None-Match': '"x"'},
    {'If-Modified-Since': 'Fri, 27 Nov 2026 00:00:00 GMT'},
])  # fmt: skip
async def test_who_asks_for_something_else_is_answered_as_before(headers: dict[str, str]) -> None:
    server = Server(lambda _: PlainTextResponse(TEXT))
    async with visitor(server) as client:
        await client.get(FILE)
        await client.get(FILE, headers=headers)
        await client.head(FILE)
        await client.post(FILE)
    assert server.asked == 4


async def test_a_full_store_sends_as_if_there_was_none() -> None:
    server = Server(lambda _: PlainTextResponse(TEXT))
    async with visitor(server, max_bytes=1500) as client:
        for name in 'abab':
            assert (await client.get(f'/assets/{name}.js')).text == TEXT
    assert server.asked == 3, 'the first is kept, the second is not'
